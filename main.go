// Command probability brings a merchant's Shopify orders onto a machine of their own.
package main

func main() {}
