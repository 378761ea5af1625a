package simulator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Restore puts orders in as they are, byte for byte, and fires nothing: a store goes on where another process left it.
// What is bought next gets a number after theirs. It returns how many orders there are now.
func (sh *Shop) Restore(raws ...[]byte) int {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	fresh := make([]*record, 0, len(raws))
	for _, raw := range raws {
		order, ok := decodeObject(raw)
		if !ok {
			continue
		}
		rec := sh.describe(order)
		if rec.id == 0 || sh.index.get(rec.id) != nil {
			continue
		}
		rec.raw = slices.Clone(raw)
		fresh = append(fresh, rec)
		// The generator numbers its orders from #1001 on, in the order in which it draws them.
		if n, err := strconv.ParseUint(strings.TrimPrefix(rec.name, "#"), 10, 32); err == nil && n >= firstNumber {
			sh.next = max(sh.next, n-firstNumber+1)
		}
	}
	slices.SortFunc(fresh, func(a, b *record) int { return cmp.Compare(a.id, b.id) })
	sh.index.add(slices.CompactFunc(fresh, func(a, b *record) bool { return a.id == b.id })...)
	for p := sh.planOrder(sh.next); sh.index.get(p.id) != nil; p = sh.planOrder(sh.next) {
		sh.next++ // the last ones may have had odd names
	}
	return sh.index.len()
}

// Subscribe adds subscriptions as if the app had made them before. Topics that are subscribed at the address already are left
// as they are.
func (sh *Shop) Subscribe(address string, topics ...string) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	now := sh.srv.now()
	for _, topic := range topics {
		if slices.ContainsFunc(sh.subs, func(s *subscription) bool { return s.topic == topic && s.address == address }) {
			continue
		}
		sh.nextSub += 7
		sh.subs = append(sh.subs, &subscription{
			id: sh.nextSub, topic: topic, address: address, format: "json", version: sh.cfg.Versions[len(sh.cfg.Versions)-1],
			created: now, updated: now,
		})
	}
}
