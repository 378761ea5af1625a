// Package carriers reads the reports that carriers, and the platforms that merchants ship through, give as CSV.
//
//	bytes ─▶ lines ─▶ header: which column is what ─▶ rows: order, outcome, time, carrier
//	                                                    └▶ refusals, each with its line and its reason
//
// Nobody's report has a format that was agreed upon. So the columns are recognised by their names in English, Spanish and
// Portuguese, the delimiter by which one makes a header of the first lines, the encoding line by line, and what became of a
// parcel by the words that carriers use. What cannot be told for sure is refused by name and never guessed: an outcome teaches
// the score, and a wrong one teaches it something wrong.
//
// Everything here is pure and bounded: no clock, no database, no network.
package carriers
