package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Server says where a PostgreSQL database is, and as whom it is opened; the password is not in it.
type Server struct {
	Host     string // a name, an address, or the folder of a socket
	Port     int
	Database string
	Role     string
	TLS      bool // the connection is encrypted, or not made
}

// ErrServerURL says that the address of a PostgreSQL database is not understood.
var ErrServerURL = errors.New("the address is not understood")

// ServerOf reads an address. What it leaves out comes from where PostgreSQL's own programs take it: the variables PGHOST, PGPORT,
// PGUSER, PGDATABASE and PGPASSWORD, and the file .pgpass. Errors do not repeat the address: a password may stand in it.
func ServerOf(url string) (Server, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return Server{}, ErrServerURL
	}
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return Server{}, ErrServerURL
	}
	s := Server{Host: cfg.Host, Port: int(cfg.Port), Role: cfg.User, Database: cmp.Or(cfg.Database, cfg.User), TLS: cfg.TLSConfig != nil}
	for _, other := range cfg.Fallbacks { // what is tried when the first way fails, such as without encryption
		s.TLS = s.TLS && other.TLSConfig != nil
	}
	return s, nil
}

// String names the server, the database and the role.
func (s Server) String() string {
	at := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	if strings.HasPrefix(s.Host, "/") {
		at = fmt.Sprintf("%s, port %d", s.Host, s.Port)
	}
	return fmt.Sprintf("PostgreSQL at %s (database %s, role %s)", at, s.Database, s.Role)
}

// Trouble is why a PostgreSQL database cannot be opened, as far as somebody can do something about it.
type Trouble int

// The troubles.
const (
	NoTrouble       Trouble = iota
	TroubleReach            // nobody answers at the address
	TroubleConnect          // somebody answers, and no connection comes of it: encryption above all
	TroubleAccess           // the password is wrong, or this role may not come from this address
	TroubleDatabase         // there is no such database
	TroubleRights           // the role may not do what is needed
	TroublePlaces           // the server takes no more connections
	TroubleStarting         // the server starts or stops
)

// TroubleOf tells what kind of trouble an error of opening or using a PostgreSQL database is.
func TroubleOf(err error) Trouble {
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch said.Code {
		case "28P01", "28000":
			return TroubleAccess
		case "3D000":
			return TroubleDatabase
		case "42501":
			return TroubleRights
		case "53300":
			return TroublePlaces
		case "57P01", "57P02", "57P03":
			return TroubleStarting
		}
		return NoTrouble
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok || errors.Is(err, context.Canceled) {
		return NoTrouble
	}
	_, refused := errors.AsType[*net.OpError](err)
	_, unknown := errors.AsType[*net.DNSError](err)
	if refused || unknown || errors.Is(err, context.DeadlineExceeded) {
		return TroubleReach
	}
	return TroubleConnect
}
