// Package browser is where the program is used as people use it: its tests build it, start it in an empty folder, and look at it
// through Chromium, over the DevTools protocol. The package itself is empty, as it is no part of the program.
//
//	go test ./cmd/browser                                                  all of it, a minute or so
//	go test ./cmd/browser -run Pages -args -screenshots "$PWD/docs/images"   pictures of every page
//
//	tests ── clicks, keys, questions ──▶ Chromium ── HTTP ──▶ probability serve ◀── orders ── a simulated store
//
// What every page has to be, it is asked of every page that can be reached by links from the front: no word in the console, no
// request to anywhere else, light enough, no wider than a phone, usable by keyboard, by ear and with weak eyes. So a page that is
// new is looked at without a line here.
//
// Chromium has to be there: on Debian `apt-get install --no-install-recommends chromium fonts-dejavu-core`. Without it the tests
// fail. PROBABILITY_BROWSER_TESTS=off leaves them out, and says so; PROBABILITY_CHROMIUM names another program.
package browser
