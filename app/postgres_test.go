package app_test

import (
	"testing"

	"probability/store/storetest"
)

// The flows that matter most, once more on PostgreSQL. All tests of this package are run there with PROBABILITY_TEST_ENGINE=postgres.
func TestPostgres_TheFlowsThatMatterMost(t *testing.T) {
	t.Parallel()
	storetest.OnPostgres(t,
		TestConnect_StoresAndEnqueues, TestImport_BringsEveryOrderOnce, TestStartSync_OneRunAtATime,
		TestProcess_States, TestReplay, TestDrain_WhileItLivesDeliveriesCostNoJob,
		TestAudit_NamesWhatDiffersThenMendsIt, TestDisconnect, TestUsers_OneAdministratorIsAlwaysLeft,
		TestRedaction_LeavesNothingOfTheCustomerAndKeepsItSo, TestRedaction_WaitsForReaders, TestDataRequest,
		TestScores_NeverKeepOrdersFromBeingStored, TestScores_OfAnImportAndOfWebhooks,
		TestSignIn_SessionsLiveAndEnd, TestChecks_VanishedSubscriptionsAreMadeAgainWithinAnHour,
		TestReady_JobsThatNobodyTakes, TestWork_IsRetriedAndCancelled,
	)
}
