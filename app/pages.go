package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"probability/shopify"
	"probability/store"
)

// aheadRuns is how many runs may read ahead at once. One that does holds three pages in memory instead of one; with the
// limits of real stores it makes no difference to more.
const aheadRuns = 4

// orderPage is a page of orders, made ready to be stored.
type orderPage struct {
	shopify.OrdersPage
	cursor   string // that it was asked for with
	err      error
	reason   string // why an order of it could not be read
	versions []store.Version
}

// fetchPage asks for a page.
func (a *App) fetchPage(ctx context.Context, in store.Integration, q shopify.OrdersQuery, cursor string) (p orderPage) {
	p.cursor = cursor
	defer recovered(&p.err)
	p.err = a.call(ctx, in, func(s shopify.Session) (err error) {
		p.OrdersPage, err = a.shopify.Orders(ctx, s, q, cursor)
		return err
	})
	return p
}

// prepare reads the orders of a page and does with them what needs no transaction. number is the page's, for the reason.
func (a *App) prepare(p *orderPage, number int) {
	defer recovered(&p.err)
	p.versions = make([]store.Version, 0, len(p.Orders))
	for i, raw := range p.Orders {
		order, err := shopify.ParseOrder(raw)
		if err != nil {
			p.reason = fmt.Sprintf("page %d, order %d: %v", number, i+1, err)
			continue
		}
		p.versions = append(p.versions, store.Version{Order: order, ObservedAt: p.RequestedAt})
	}
	a.store.Prepare(p.versions)
}

// pages reads a run's pages ahead of their use: while one is written, the next is made ready and the one after that is on its
// way. None of them waits anywhere but for the one before, so that three are in memory at most.
type pages struct {
	cancel context.CancelFunc
	ready  chan orderPage
	works  sync.WaitGroup
}

// readAhead begins with the run's next page and asks for no further one from until on. nil when too many runs do so already.
func (a *App) readAhead(ctx context.Context, in store.Integration, run store.Import, until time.Time) *pages {
	if !a.ahead.TryAcquire(1) {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &pages{cancel: cancel, ready: make(chan orderPage)}
	fetched := make(chan orderPage)
	p.works.Go(func() {
		defer close(fetched)
		for cursor := run.Cursor; ; {
			page := a.fetchPage(ctx, in, query(run), cursor)
			if !hand(ctx, fetched, page) || page.err != nil || page.Next == "" || page.Next == cursor || !a.now().Before(until) {
				return
			}
			cursor = page.Next
		}
	})
	p.works.Go(func() {
		defer close(p.ready)
		for number := run.Pages + 1; ; number++ {
			page, ok := <-fetched
			if !ok {
				return
			}
			a.prepare(&page, number)
			if !hand(ctx, p.ready, page) {
				return
			}
		}
	})
	return p
}

// next is the next page; ok is false when no further one was asked for.
func (p *pages) next() (page orderPage, ok bool) {
	page, ok = <-p.ready
	return page, ok
}

// closePages gives up what was read ahead. It returns when nothing reads any more.
func (a *App) closePages(p *pages) {
	if p == nil {
		return
	}
	p.cancel()
	p.works.Wait()
	a.ahead.Release(1)
}

// hand gives a page on, unless nobody wants it any more.
func hand(ctx context.Context, to chan<- orderPage, page orderPage) bool {
	select {
	case to <- page:
		return true
	case <-ctx.Done():
		return false
	}
}
