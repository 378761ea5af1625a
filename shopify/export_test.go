package shopify

// What the black-box tests need of the inside.

// IsPublic tells whether a store may be at an address.
var IsPublic = isPublic
