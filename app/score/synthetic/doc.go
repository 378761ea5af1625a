// Package synthetic makes stores whose truth is known, to see whether what is learnt from their orders is it.
//
// A truth is a score.Model drawn from what the shipped one believes: weights, places and products lie about theirs as widely as their
// spreads say. Orders have facts that go together (who leaves out the number of the house mistypes the phone, too), customers who come
// back with what became of their earlier orders, places and products of which few are common and most are rare, and outcomes
// that are heard of later, failed ones last. A variant makes it harder: rarer places, a level that drifts, a merchant who ships only
// what looks good.
//
// The same seed gives the same store, order by order.
package synthetic
