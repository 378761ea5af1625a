package shopify

import "encoding/json"

// member is one of the names that the mapping reads. The order, its shipping
// address and its customer share one table of names.
type member uint8

// Members that are read from the order alone.
const (
	memberNone member = iota
	memberID
	memberOrderNumber
	memberName
	memberOrderID
	memberNumber
	memberTotalPrice
	memberOrderTotal
	memberTotal
	memberCurrency
	memberCurrencyCode
	memberCurrencyUpper
	memberPaymentGatewayNames
	memberPaymentMethod
	memberSourceName
	memberSource
	memberFinancialStatus
	memberFulfillmentStatus
	memberCreatedAt
	memberCreatedDate
	memberDate
	memberUpdatedAt
	memberCancelledAt
	memberTags
	memberTest
	memberShippingAddress
	memberShipping
	memberCustomer
	memberWrappedOrder  // not of an order, but of what may be around one
	memberWrappedOrders // the same
	lookups
)

// Customer data is looked up under several names. Each lookup owns a run of
// lookupWidth members, its names in the order in which they are tried.
const (
	lookupWidth = 8

	lookupWholeName  = lookups
	lookupFirstName  = lookupWholeName + lookupWidth
	lookupLastName   = lookupFirstName + lookupWidth
	lookupEmail      = lookupLastName + lookupWidth
	lookupPhone      = lookupEmail + lookupWidth
	lookupCountry    = lookupPhone + lookupWidth
	lookupProvince   = lookupCountry + lookupWidth
	lookupCity       = lookupProvince + lookupWidth
	lookupAddress    = lookupCity + lookupWidth
	lookupComplement = lookupAddress + lookupWidth
	memberCount      = lookupComplement + lookupWidth
)

// memberOf returns the member of a name, memberNone for one that is not read.
// Every lookup name stands as its rule gives it, in lower case, and both with a
// space for each underscore.
func memberOf(name string) member {
	switch name {
	case "id":
		return memberID
	case "order_number":
		return memberOrderNumber
	case "name":
		return memberName
	case "order_id":
		return memberOrderID
	case "number":
		return memberNumber
	case "total_price":
		return memberTotalPrice
	case "order_total":
		return memberOrderTotal
	case "total":
		return memberTotal
	case "currency":
		return memberCurrency
	case "currency_code":
		return memberCurrencyCode
	case "Currency":
		return memberCurrencyUpper
	case "payment_gateway_names":
		return memberPaymentGatewayNames
	case "payment_method":
		return memberPaymentMethod
	case "source_name":
		return memberSourceName
	case "source":
		return memberSource
	case "financial_status":
		return memberFinancialStatus
	case "fulfillment_status":
		return memberFulfillmentStatus
	case "created_at":
		return memberCreatedAt
	case "createdDate":
		return memberCreatedDate
	case "date":
		return memberDate
	case "updated_at":
		return memberUpdatedAt
	case "cancelled_at":
		return memberCancelledAt
	case "tags":
		return memberTags
	case "test":
		return memberTest
	case "shipping_address":
		return memberShippingAddress
	case "shipping":
		return memberShipping
	case "customer":
		return memberCustomer
	case "order":
		return memberWrappedOrder
	case "orders":
		return memberWrappedOrders

	case "Shipping_Name":
		return lookupWholeName
	case "shipping_name":
		return lookupWholeName + 1
	case "Shipping Name":
		return lookupWholeName + 2
	case "shipping name":
		return lookupWholeName + 3

	case "first_name":
		return lookupFirstName
	case "first name":
		return lookupFirstName + 1
	case "firstname":
		return lookupFirstName + 2
	case "given_name":
		return lookupFirstName + 3
	case "given name":
		return lookupFirstName + 4

	case "last_name":
		return lookupLastName
	case "last name":
		return lookupLastName + 1
	case "lastname":
		return lookupLastName + 2
	case "family_name":
		return lookupLastName + 3
	case "family name":
		return lookupLastName + 4

	case "email":
		return lookupEmail
	case "Email":
		return lookupEmail + 1
	case "customer_email":
		return lookupEmail + 2
	case "customer email":
		return lookupEmail + 3
	case "shipping_email":
		return lookupEmail + 4
	case "shipping email":
		return lookupEmail + 5

	case "phone":
		return lookupPhone
	case "Phone":
		return lookupPhone + 1
	case "shipping_phone":
		return lookupPhone + 2
	case "shipping phone":
		return lookupPhone + 3
	case "Shipping_Phone":
		return lookupPhone + 4
	case "Shipping Phone":
		return lookupPhone + 5

	case "country":
		return lookupCountry
	case "Shipping_Country":
		return lookupCountry + 1
	case "shipping_country":
		return lookupCountry + 2
	case "Shipping Country":
		return lookupCountry + 3
	case "shipping country":
		return lookupCountry + 4

	case "province":
		return lookupProvince
	case "province_code":
		return lookupProvince + 1
	case "province code":
		return lookupProvince + 2
	case "Shipping_State":
		return lookupProvince + 3
	case "shipping_state":
		return lookupProvince + 4
	case "Shipping State":
		return lookupProvince + 5
	case "shipping state":
		return lookupProvince + 6

	case "city":
		return lookupCity
	case "Shipping_City":
		return lookupCity + 1
	case "shipping_city":
		return lookupCity + 2
	case "Shipping City":
		return lookupCity + 3
	case "shipping city":
		return lookupCity + 4

	case "address1":
		return lookupAddress
	case "Shipping_Street":
		return lookupAddress + 1
	case "shipping_street":
		return lookupAddress + 2
	case "Shipping Street":
		return lookupAddress + 3
	case "shipping street":
		return lookupAddress + 4
	case "address":
		return lookupAddress + 5

	case "address2":
		return lookupComplement
	case "Shipping_Street2":
		return lookupComplement + 1
	case "shipping_street2":
		return lookupComplement + 2
	case "Shipping Street2":
		return lookupComplement + 3
	case "shipping street2":
		return lookupComplement + 4
	case "shipping_address2":
		return lookupComplement + 5
	case "shipping address2":
		return lookupComplement + 6
	}
	return memberNone
}

// maxMemberName is the length of the longest name that is read.
const maxMemberName = len("payment_gateway_names")

// members are the values of one object, as they came, by the names we read.
type members struct {
	values [memberCount]json.RawMessage
	given  [(memberCount - lookups) / lookupWidth]uint8 // a bit for each name of a lookup that is there
}

// read fills in the members of the object at i; it returns the index after it,
// -1 when there is none. Of a name given twice the last value holds.
func (ms *members) read(data []byte, i int) int {
	i, more := openObject(data, i)
	for more {
		name, value := memberAt(data, i)
		if i = skipValue(data, value); i < 0 {
			return -1
		}
		if len(name) <= maxMemberName {
			if m := memberOf(string(name)); m != memberNone {
				ms.values[m] = data[value:i:i]
				if m >= lookups {
					ms.given[(m-lookups)/lookupWidth] |= 1 << ((m - lookups) % lookupWidth)
				}
			}
		}
		i, more = nextMember(data, i)
	}
	return i
}
