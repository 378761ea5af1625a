package app

import "probability/store"

// changedOrders are the orders that the works changed, each with its delivery: what an order's story is told from. Of a delivery with
// more orders than one transaction takes it has the last of them.
func changedOrders(works []work) []store.OrderDelivery {
	var changed []store.OrderDelivery
	for i := range works {
		w := &works[i]
		outcomes := w.outcomes[max(0, len(w.outcomes)-len(w.deletions)-len(w.versions)):]
		for j, v := range w.versions {
			if j < len(outcomes) && (outcomes[j] == store.Created || outcomes[j] == store.Updated) {
				changed = append(changed, store.OrderDelivery{PlatformOrderID: v.Order.ID, Seq: w.delivery.Seq})
			}
		}
	}
	return changed
}
