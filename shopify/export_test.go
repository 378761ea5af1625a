package shopify

// What the black-box tests need of the inside.

// IsPublic tells whether a store may be at an address.
var IsPublic = isPublic

// PointsOfPage is what a page of whole orders is reckoned to cost.
var PointsOfPage = pointsOfPage

// PayloadOf is the payload of an order of GraphQL, by the clock of Bogotá.
func PayloadOf(node []byte) ([]byte, bool) { return appendOrder(nil, node, zoneOf("America/Bogota")) }
