package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// maxPasswordInput bounds what is read of standard input, in bytes.
const maxPasswordInput = 4096

// readPassword takes the password from standard input when fromStdin says so,
// and else asks for it twice on the terminal, without showing it.
func readPassword(ctx context.Context, io streams, fromStdin bool) (string, error) {
	if fromStdin {
		return pipedPassword(io.in)
	}
	terminal, ok := io.in.(*os.File)
	if !ok || !isTerminal(terminal) {
		return "", usagef("there is no terminal to ask for the password on; give it on standard input with --password-stdin")
	}
	first, err := ask(ctx, terminal, io.err, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := ask(ctx, terminal, io.err, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

// pipedPassword reads the password from standard input.
func pipedPassword(in io.Reader) (string, error) { return passwordIn(in, "standard input") }

// passwordIn reads one line; its end does not belong to the password. where it comes from is for the errors.
func passwordIn(in io.Reader, where string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxPasswordInput+1))
	if err != nil {
		return "", fmt.Errorf("cannot read the password from %s: %w", where, err)
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case len(text) == 0:
		return "", usagef("%s holds no password", where)
	case len(text) > maxPasswordInput || bytes.ContainsAny(text, "\r\n\x00"):
		return "", usagef("%s must hold the password and nothing else, on one line", where)
	}
	return string(text), nil
}

// ask reads one line without echo. A signal in the meantime gives the terminal
// its echo back before the command ends.
func ask(ctx context.Context, terminal *os.File, prompt io.Writer, question string) (string, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("cannot use the terminal: %w", err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	_, _ = io.WriteString(prompt, question)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case got := <-read:
		_, _ = io.WriteString(prompt, "\n")
		if got.err != nil {
			return "", fmt.Errorf("cannot read the password: %w", got.err)
		}
		return string(got.text), nil
	case <-ctx.Done():
		_, _ = io.WriteString(prompt, "\n")
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}

// confirm asks a question whose answer must be yes.
func confirm(io streams, question string) error {
	terminal, ok := io.in.(*os.File)
	if !ok || !isTerminal(terminal) {
		return usagef("there is no terminal to ask on; say --yes")
	}
	_, _ = fmt.Fprintf(io.err, "%s Type yes to go on: ", question)
	answer := make([]byte, 16)
	n, err := terminal.Read(answer)
	if err != nil || !strings.EqualFold(strings.TrimSpace(string(answer[:n])), "yes") {
		return errors.New("not confirmed; nothing was changed")
	}
	return nil
}
