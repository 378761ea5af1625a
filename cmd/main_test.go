package cmd_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"probability/cmd"
)

// TestMain lets the test binary be the program, so that scripts and tests run it
// as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"probability": func() {
			os.Exit(cmd.Execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// The scripts in testdata run the program as a user would.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:      "testdata/script",
		Deadline: time.Now().Add(10 * time.Minute), // for all of them, on a machine with much else to do
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// exits N program args… wants exactly that exit code.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					exit, ok := errors.AsType[*exec.ExitError](err)
					if !ok {
						ts.Fatalf("%v", err)
					}
					got = exit.ExitCode()
				}
				if got != want {
					ts.Fatalf("got exit code %d, want %d", got, want)
				}
			},
		},
	})
}
