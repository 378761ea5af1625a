package store

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// Changes is what one transaction changed of one integration.
type Changes struct {
	Deliveries    []ChangedDelivery
	Gone          bool        // the integration was disconnected
	Imports       []uuid.UUID // runs that were stored
	IntegrationID int64
	Orders        []ChangedOrder
	// Unlisted: more changed than is listed here, so that whoever shows any of it has to read it again.
	Unlisted bool
}

// ChangedOrder is an order that lists show differently now.
type ChangedOrder struct {
	Change     Outcome // Created, Updated or Deleted
	ID         int64
	PlatformID string
}

// ChangedDelivery is a delivery and the state in which it was stored.
type ChangedDelivery struct {
	ID    uuid.UUID
	State string
	Topic string
}

// Observer hears what transactions changed. Both methods are called while the writer is held, so they must be quick and must
// not use the store.
type Observer interface {
	// Watches tells whether anybody wants to know what changes of an integration. While nobody does, nothing is gathered.
	Watches(integrationID int64) bool
	// Committed is called when the changes are on the disk, in the order of the commits, and never for what was rolled back.
	Committed(Changes)
}

// Announcer is an observer that has something to tell the other processes that share the database.
type Announcer interface {
	// Announce is what they are to be told of a change, before it is committed; empty for nothing.
	Announce(Changes) string
}

// Observe lets o hear of every transaction from now on, instead of whoever did before. What other processes write it does not hear of.
func (s *Store) Observe(o Observer) { s.observer.Store(&o) }

// notes are the changes of a transaction that somebody wants to know of.
type notes struct {
	changes []*Changes
	// unheard are the integrations that changed while nobody watched. Somebody may have begun before the commit.
	unheard []int64
	room    [4]int64 // for unheard, so that it costs nothing
}

// note gives the changes of an integration to add to, nil when nobody wants to know them.
func (tx *Tx) note(integrationID int64) *Changes {
	observer := tx.store.observer.Load()
	if observer == nil {
		return nil
	}
	n := &tx.notes
	for _, c := range n.changes {
		if c.IntegrationID == integrationID {
			return c
		}
	}
	if (*observer).Watches(integrationID) {
		c := &Changes{IntegrationID: integrationID}
		n.changes = append(n.changes, c)
		return c
	}
	if n.unheard == nil {
		n.unheard = n.room[:0]
	}
	if !slices.Contains(n.unheard, integrationID) {
		n.unheard = append(n.unheard, integrationID)
	}
	return nil
}

// noteOrder notes an order that changed.
func (tx *Tx) noteOrder(integrationID, row int64, platformID string, change Outcome) {
	if c := tx.note(integrationID); c != nil {
		c.Orders = append(c.Orders, ChangedOrder{ID: row, PlatformID: platformID, Change: change})
	}
}

// noteDelivery notes the state in which a delivery was stored.
func (tx *Tx) noteDelivery(d Delivery) {
	if c := tx.note(d.IntegrationID); c != nil {
		c.Deliveries = append(c.Deliveries, ChangedDelivery{ID: d.ID, Topic: d.Topic, State: d.State})
	}
}

// noteImport notes a run that was stored.
func (tx *Tx) noteImport(m Import) {
	if c := tx.note(m.IntegrationID); c != nil && !slices.Contains(c.Imports, m.ID) {
		c.Imports = append(c.Imports, m.ID)
	}
}

// noteUnlisted notes that more changed than is worth a list.
func (tx *Tx) noteUnlisted(integrationID int64) {
	if c := tx.note(integrationID); c != nil {
		c.Unlisted = true
	}
}

// announce passes on to other processes what was noted; they hear it with the commit.
func (tx *Tx) announce(ctx context.Context) error {
	observer := tx.store.observer.Load()
	if observer == nil {
		return nil
	}
	announcer, ok := (*observer).(Announcer)
	if !ok {
		return nil
	}
	for _, c := range tx.notes.changes {
		if text := announcer.Announce(*c); text != "" {
			if err := tx.Notify(ctx, text); err != nil {
				return err
			}
		}
	}
	for _, id := range tx.notes.unheard { // somebody may have begun to watch since
		if text := announcer.Announce(Changes{IntegrationID: id, Unlisted: true}); text != "" {
			if err := tx.Notify(ctx, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// tell passes on what was noted, once it is committed. sure is false when the commit failed, and with it perhaps only the word of it.
func (tx *Tx) tell(sure bool) {
	observer := tx.store.observer.Load()
	if observer == nil {
		return
	}
	for _, c := range tx.notes.changes {
		if !sure {
			c = &Changes{IntegrationID: c.IntegrationID, Unlisted: true}
		}
		(*observer).Committed(*c)
	}
	for _, id := range tx.notes.unheard {
		// Whoever began to watch meanwhile may have read what was before, and must not miss this.
		if (*observer).Watches(id) {
			(*observer).Committed(Changes{IntegrationID: id, Unlisted: true})
		}
	}
}
