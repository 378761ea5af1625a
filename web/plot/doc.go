// Package plot draws small charts as SVG, on the server.
//
// A chart has no script, no inline style and no colour of its own, so that a strict policy lets it through and the style sheet gives it the
// colours of the light or the dark page. Lengths across are percentages and lengths down are pixels: a chart is as wide as its place, and
// its words keep their size. Whatever a colour tells, a pattern and words tell too.
//
//	Columns   over time, from the left to the right        ▂▅█▃
//	Line      shares over time                             ╱╲_╱
//	Bars      one below the other, each with its name      ███▒░
//
// Every mark can be pointed at and reached with the keyboard, and then says its exact value. The package knows numbers only to place
// marks; what they say are the caller's words.
package plot
