// Package score rates how probable it is that a parcel is delivered and paid.
//
//	Order ─▶ Read ─▶ Facts, Identity          what one payload tells, without any knowledge of other orders
//	                   │
//	Facts + History ─▶ Scorer{Model, Settings} ─▶ Result, Explanation
//	                                                     ▲
//	Samples (Facts, History, Outcome, times) ─▶ Train ─▶ Model, Report
//
// The model is additive in log-odds: one addend a factor, so that the explanation is the model and no story told afterwards.
// Its weights begin at what experts publish and move as far as the store's own outcomes carry them; how sure it is says the
// interval beside each probability.
//
// Everything here is pure: no clock, no database, no network, no randomness. The same input gives the same bytes.
package score
