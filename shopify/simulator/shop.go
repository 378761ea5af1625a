package simulator

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// PersonalData says how much of a store's customers an app may see.
type PersonalData int

// The three cases an app meets: everything, orders without names, addresses
// and numbers, or no orders at all.
const (
	PersonalDataFull PersonalData = iota
	PersonalDataWithheld
	PersonalDataRefused
)

// ShopConfig describes one store and the one app that is installed in it.
type ShopConfig struct {
	Domain   string // name.myshopify.com
	Name     string // default: from the domain
	Country  string // CO, MX, PE, CL, EC, AR or BR; "": orders of all of them, each in its own currency
	Currency string // default: the country's, COP without a country
	PlanName string // default "basic"

	Token        string // static Admin API token; "" when there is only the grant
	APISecret    string // signs webhooks; default ClientSecret
	ClientID     string // with ClientSecret: the client credentials grant works
	ClientSecret string
	Scopes       []string      // default read_orders and read_all_orders
	TokenLife    time.Duration // of granted tokens; default 24 h, announced as one second less

	Bucket       int     // call limit of REST; default 40, negative: none, and none of GraphQL either
	Points       int     // of GraphQL, a twentieth of which comes back in a second; default 2000
	Leak         float64 // calls a second; default a twentieth of the bucket
	Latency      time.Duration
	PersonalData PersonalData
	RESTRefused  bool     // orders can be had by GraphQL alone, as some new apps find
	Versions     []string // API versions still served, oldest first; default 2026-01 to 2026-10
	Oddities     float64  // share of generated orders with an oddly typed member; default 0.03, negative: none
}

// Shop is one simulated store. Its methods are safe for concurrent use.
type Shop struct {
	srv     *Server
	seed    uint64
	effects effects
	id      int64
	cfg     ShopConfig // Domain, Name, Country, Currency and Oddities never change

	mu        sync.Mutex
	index     index
	next      uint64 // sequence number of the next generated order
	bucket    bucket
	points    bucket
	bulks     []*bulk
	bulkPlan  BulkPlan
	faults    []*fault
	faultDice uint64
	tokens    map[string]time.Time // granted ones, until when
	removed   bool                 // the app was uninstalled
	foreign   bool                 // app and store are of different organisations
	subs      []*subscription
	nextSub   int64
}

// AddShop adds a store, or replaces the one with the same domain.
func (s *Server) AddShop(cfg ShopConfig) *Shop {
	cfg.Domain = strings.ToLower(cfg.Domain)
	if cfg.Name == "" {
		cfg.Name = strings.TrimSuffix(cfg.Domain, domainSuffix)
	}
	cfg.Country = strings.ToUpper(cfg.Country)
	if cfg.Currency == "" {
		cfg.Currency = placeOf(cfg.Country).currency
	}
	if cfg.PlanName == "" {
		cfg.PlanName = "basic"
	}
	if cfg.Scopes == nil {
		cfg.Scopes = []string{"read_orders", "read_all_orders"}
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 24 * time.Hour
	}
	if len(cfg.Versions) == 0 {
		cfg.Versions = []string{"2026-01", "2026-04", "2026-07", "2026-10"}
	}
	if cfg.Oddities == 0 {
		cfg.Oddities = 0.03
	}
	sh := &Shop{
		srv: s, seed: mix(s.seed, cfg.Domain), cfg: cfg,
		tokens: make(map[string]time.Time),
	}
	sh.effects = effectsOf(sh.seed)
	sh.id = 60_000_000_000 + int64(sh.seed%30_000_000_000)
	sh.nextSub = 1_000_000_000_000 + int64(sh.seed%900_000_000_000)
	sh.bucket.size, sh.bucket.leak = bucketOf(cfg.Bucket, cfg.Leak)
	sh.points.size, sh.points.leak = pointsOf(cfg)
	s.mu.Lock()
	s.shops[cfg.Domain] = sh
	s.mu.Unlock()
	return sh
}

// Domain returns the store's name.myshopify.com.
func (sh *Shop) Domain() string { return sh.cfg.Domain }

// ID returns the store's number at Shopify.
func (sh *Shop) ID() int64 { return sh.id }

// SetLatency delays every answer.
func (sh *Shop) SetLatency(d time.Duration) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.cfg.Latency = d
}

// SetPersonalData changes what the app may see from now on.
func (sh *Shop) SetPersonalData(p PersonalData) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.cfg.PersonalData = p
}

// SetRESTRefused decides whether orders of REST are refused for want of access to protected customer data. Those of GraphQL are
// not; what they show SetPersonalData says.
func (sh *Shop) SetRESTRefused(refused bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.cfg.RESTRefused = refused
}

// SetScopes changes what the app may do, at once and for every token.
func (sh *Shop) SetScopes(scopes ...string) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.cfg.Scopes = slices.Clone(scopes)
}

// SetVersions changes which API versions are served: the oldest one, then the
// newer ones in order.
func (sh *Shop) SetVersions(oldest string, newer ...string) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.cfg.Versions = append([]string{oldest}, newer...)
}

func (sh *Shop) latency() time.Duration {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.cfg.Latency
}

// hasScope knows that writing includes reading. The caller holds the lock.
func (sh *Shop) hasScope(scope string) bool {
	if slices.Contains(sh.cfg.Scopes, scope) {
		return true
	}
	what, ok := strings.CutPrefix(scope, "read_")
	return ok && slices.Contains(sh.cfg.Scopes, "write_"+what)
}
