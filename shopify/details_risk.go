package shopify

import "strings"

// riskRank orders the levels; what is none of them is below all.
func riskRank(level string) int {
	switch level {
	case RiskHigh:
		return 3
	case RiskMedium:
		return 2
	case RiskLow:
		return 1
	}
	return 0
}

func higherRisk(a, b string) string {
	if riskRank(b) > riskRank(a) {
		return b
	}
	return a
}

// levelOf is the level that a word of any of Shopify's APIs stands for: those of an assessment (risk_level), and what was
// recommended in former ones and is in the newest.
func levelOf(word string) string {
	switch strings.ToLower(word) {
	case "high", "cancel":
		return RiskHigh
	case "medium", "investigate":
		return RiskMedium
	case "low", "accept":
		return RiskLow
	}
	return ""
}

func (r *detailsReader) riskWord(data []byte, i int, into *string) int {
	end := skipValue(data, i)
	if end >= 0 && data[i] == '"' && end-i <= len(`"investigate"`) {
		*into = higherRisk(*into, levelOf(string(data[i+1:end-1])))
	}
	return end
}

// riskIn looks for levels in an assessment, a summary with a list of assessments, or a list of assessments. None of these is
// nested any deeper.
func (r *detailsReader) riskIn(data []byte, i int, into *string) int {
	assessment := func(at int) int {
		return walk(data, at, func(name []byte, value int) int {
			if namesRisk(name) {
				return r.riskWord(data, value, into)
			}
			return skipValue(data, value)
		})
	}
	if data[i] == '[' {
		return walkList(data, i, assessment)
	}
	return walk(data, i, func(name []byte, value int) int {
		switch {
		case namesRisk(name):
			return r.riskWord(data, value, into)
		case string(name) == "assessments":
			return walkList(data, value, assessment)
		}
		return skipValue(data, value)
	})
}

func namesRisk(name []byte) bool {
	switch string(name) {
	case "risk_level", "riskLevel", "level", "recommendation":
		return true
	}
	return false
}
