package shopify

// Webhook is one subscription of a store: deliveries of Topic go to Address.
type Webhook struct {
	ID         int64  `json:"id"`
	Topic      string `json:"topic"`
	Address    string `json:"address"`
	Format     string `json:"format"`
	APIVersion string `json:"api_version"`
	CreatedAt  string `json:"created_at"`
	UpdatedAt  string `json:"updated_at"`
}
