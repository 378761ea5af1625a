package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// importCrash kills the service again and again while it imports. Each start goes on where the last one was.
func importCrash(ctx context.Context, t *trial) error {
	kills, orders := t.opt.scaled(200, 3), min(20_000, t.opt.scaled(200_000, 2_000))
	s, end, err := t.newService(ctx, "LOG_LEVEL=warn")
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	done, imports := 0, 0
	var starts, rests times
	for ; done < kills; imports++ {
		domain := fmt.Sprintf("soak-%d.myshopify.com", imports)
		shop := s.addShop(domain, -1)
		shop.SetLatency(10 * time.Millisecond)
		shop.Generate(orders, 80*24*time.Hour)
		id, run, err := s.connect(ctx, domain)
		if err != nil {
			return err
		}
		for done < kills {
			if !pause(ctx, time.Duration(rand.IntN(400))*time.Millisecond) { //nolint:gosec // no secret
				return ctx.Err()
			}
			s.kill()
			done++
			again := time.Now()
			if err := s.start(ctx); err != nil {
				return err
			}
			starts = append(starts, time.Since(again))
			stored, err := s.count(ctx, id, "orders/?page_size=1&fields=id")
			if err != nil {
				return err
			}
			if run, err = s.run(ctx, id, run.ID); err != nil {
				return err
			}
			// Read in this order an import that goes on can only have more by now.
			if again, err := s.count(ctx, id, "orders/?page_size=1&fields=id"); err != nil || run.Fetched > again {
				t.hold(false, "%d orders were counted and %d are there, %d before (%v)", run.Fetched, again, stored, err)
			}
			if run.State == "completed" {
				break
			}
		}
		last := time.Now()
		if run, err = s.imported(ctx, id, run.ID); err != nil {
			t.hold(false, "import %d: %v", imports, err)
			continue
		}
		rests = append(rests, time.Since(last))
		t.hold(run.Total != nil && *run.Total == orders && run.Fetched == orders, "import %d ends with %d of %d", imports, run.Fetched, orders)
		if err := s.sameOrders(ctx, id, shop.OrderIDs()); err != nil {
			t.hold(false, "import %d: %v", imports, err)
		}
		t.say("import %d of %d orders is whole after %d kills", imports, orders, done)
		if err := s.call(ctx, "DELETE", fmt.Sprintf("%s%d/disconnect/", api, id), nil, nil); err != nil {
			return err
		}
	}
	if err := s.whole(ctx); err != nil {
		t.hold(false, "%v", err)
	}
	t.figure("kills", "%d in %d imports of %d orders", done, imports, orders)
	t.figure("start until healthy, p50 / p99 / max", "%s", starts)
	t.figure("from the last kill until the import ended, p50 / p99 / max", "%s", rests)
	return nil
}
