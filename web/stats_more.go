package web

import (
	"cmp"

	"probability/store"
)

// wholeStats is the answer with what only whole periods have.
type wholeStats struct {
	statsView
	Outcomes map[string]*outcomeCounts `json:"outcomes"`
	Places   placesView                `json:"places"`
}

// viewOutcomes tells by delivery probability what became of orders; those of which nothing is known are left out.
func viewOutcomes(rows []store.BandOutcomes) map[string]*outcomeCounts {
	out := map[string]*outcomeCounts{}
	for _, row := range rows {
		if row.Outcome == store.ParcelPending {
			continue
		}
		band := cmp.Or(row.DeliveryProbability, notScored)
		if out[band] == nil {
			out[band] = &outcomeCounts{}
		}
		switch row.Outcome {
		case store.ParcelDelivered:
			out[band].Delivered += row.Orders
		case store.ParcelFailed:
			out[band].Failed += row.Orders
		case store.ParcelCancelled:
			out[band].Cancelled += row.Orders
		case store.ParcelPending:
		}
	}
	return out
}

// placesView is where orders come from.
type placesView struct {
	Provinces placeList[provinceView] `json:"provinces"`
	Cities    placeList[cityView]     `json:"cities"`
}

// placeList is the places with most orders, what the others come to, and the orders that name none.
type placeList[T any] struct {
	Top     []T `json:"top"`
	More    int `json:"more"`    // places
	Others  int `json:"others"`  // orders of them
	Unknown int `json:"unknown"` // orders without such a place
}

type provinceView struct {
	Province string `json:"province"`
	Orders   int    `json:"orders"`
}

type cityView struct {
	Province *string `json:"province"`
	City     string  `json:"city"`
	Orders   int     `json:"orders"`
}

func viewPlaces(p store.Places, orders int) placesView {
	v := placesView{
		Provinces: placeList[provinceView]{Top: []provinceView{}, More: p.MoreProvinces, Others: p.OtherProvinces, Unknown: orders - p.OtherProvinces},
		Cities:    placeList[cityView]{Top: []cityView{}, More: p.MoreCities, Others: p.OtherCities, Unknown: orders - p.OtherCities},
	}
	for _, at := range p.Provinces {
		v.Provinces.Top = append(v.Provinces.Top, provinceView{at.Province, at.Orders})
		v.Provinces.Unknown -= at.Orders
	}
	for _, at := range p.Cities {
		v.Cities.Top = append(v.Cities.Top, cityView{nullable(at.Province), at.City, at.Orders})
		v.Cities.Unknown -= at.Orders
	}
	v.Provinces.Unknown, v.Cities.Unknown = max(0, v.Provinces.Unknown), max(0, v.Cities.Unknown) // an order may come between two readings
	return v
}
