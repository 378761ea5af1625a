package web

import (
	"probability/app"
	"probability/store"
)

// integrationView is a connected store as its owner sees it. Credentials are never part of it.
type integrationView struct {
	ID          int64        `json:"id"`
	StoreName   string       `json:"store_name"`
	IsActive    bool         `json:"is_active"`
	Permissions []string     `json:"permissions"`
	CreatedAt   stamp        `json:"created_at"`
	UpdatedAt   stamp        `json:"updated_at"`
	LastSync    stamp        `json:"last_sync"`
	Auth        string       `json:"auth"`
	Webhooks    webhooksView `json:"webhooks"`
	Health      healthView   `json:"health"`
	Audit       *lastAudit   `json:"audit"`
}

type webhooksView struct {
	Status         string      `json:"status"`
	LastReceivedAt stamp       `json:"last_received_at"`
	Topics         []topicView `json:"topics"`
}

// topicView is one topic that a correct picture needs.
type topicView struct {
	Topic          string `json:"topic"`
	Subscribed     bool   `json:"subscribed"`
	LastReceivedAt stamp  `json:"last_received_at"`
	Silent         bool   `json:"silent"`
}

type healthView struct {
	Status   string              `json:"status"`
	Problems []healthProblemView `json:"problems"`
}

type healthProblemView struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Since   stamp  `json:"since"`
}

func viewIntegration(v voice, in app.Integration) integrationView {
	view := integrationView{
		ID: in.ID, StoreName: in.StoreName, IsActive: in.Active, Permissions: list(in.Permissions),
		CreatedAt: stamp(in.CreatedAt), UpdatedAt: stamp(in.UpdatedAt), LastSync: stamp(in.LastSync), Auth: in.Auth,
		Webhooks: webhooksView{Status: in.WebhookStatus, LastReceivedAt: stamp(in.LastReceivedAt)},
		Health:   healthView{Status: in.HealthStatus, Problems: []healthProblemView{}},
	}
	if in.Audit != nil {
		view.Audit = viewLastAudit(*in.Audit)
	}
	for _, t := range in.Topics {
		view.Webhooks.Topics = append(view.Webhooks.Topics, topicView{
			Topic: t.Topic, Subscribed: t.Subscribed, LastReceivedAt: stamp(t.LastReceivedAt), Silent: t.Silent,
		})
	}
	for _, p := range in.Problems {
		view.Health.Problems = append(view.Health.Problems, viewHealthProblem(v, p))
	}
	return view
}

func viewHealthProblem(v voice, p store.Problem) healthProblemView {
	message := v.say("health."+p.Code, map[string]any{"Detail": p.Detail})
	if message == "" {
		message = v.failure(p.Code, p.Detail)
	}
	return healthProblemView{Code: p.Code, Message: message, Since: stamp(p.Since)}
}
