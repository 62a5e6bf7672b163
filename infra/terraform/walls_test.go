package terraform_test

import (
	"slices"
	"strings"
	"testing"

	"nightwire.dev/shared/names"
)

// targets are the attributes that say what a right is given to.
var targets = map[string]string{
	"google_storage_bucket_iam_member":         "bucket",
	"google_storage_managed_folder_iam_member": "bucket",
	"google_pubsub_topic_iam_member":           "topic",
	"google_pubsub_subscription_iam_member":    "subscription",
	"google_bigquery_dataset_iam_member":       "dataset_id",
	"google_bigquery_table_iam_member":         "dataset_id",
	"google_secret_manager_secret_iam_member":  "secret_id",
	"google_cloud_run_v2_service_iam_member":   "name",
}

// apart are rights that concern no stream's data: the project's own, and those to
// its key, its images and its accounts.
var apart = []string{
	"google_project_iam_member", "google_service_account_iam_member",
	"google_artifact_registry_repository_iam_member", "google_kms_crypto_key_iam_member",
}

// projectRoles are what an account of ours may have of a whole project: none of
// them lets it see data.
var projectRoles = []string{
	"roles/bigquery.jobUser", "roles/serviceusage.serviceUsageConsumer", "roles/telemetry.writer",
	"roles/logging.logWriter", "roles/telemetry.metricsWriter",
}

// checkWalls holds that rights stay within a stream, that private streams have no
// public reader, and that nobody of ours has rights to the whole project's data.
func checkWalls(t *testing.T, p plan, suffix string) {
	t.Helper()
	owners := p.owners(t, suffix)
	rights := 0
	for _, right := range p {
		if !strings.HasSuffix(right.Type, "_iam_member") {
			if strings.Contains(right.Type, "_iam_") {
				t.Errorf("%s takes rights away that it does not know", right.Address)
			}
			continue
		}
		member, role := right.text("member"), right.text("role")
		attribute, ok := targets[right.Type]
		if !ok {
			if !slices.Contains(apart, right.Type) {
				t.Errorf("%s is of a kind that is not looked at", right.Address)
			}
			if right.Type == "google_project_iam_member" && owners[account(member)] != "" && !slices.Contains(projectRoles, role) {
				t.Errorf("%s has %s for the whole project", member, role)
			}
			continue
		}
		rights++
		stream := owners[right.text(attribute)]
		if stream == "" {
			t.Errorf("%s: %q belongs to no stream", right.Address, right.text(attribute))
		}
		if of := owners[account(member)]; of != "" && of != stream {
			t.Errorf("%s of %s has %s for %s of %s", member, of, role, right.text(attribute), stream)
		}
		if member == "" || member == "allUsers" || member == "allAuthenticatedUsers" && stream != names.ZTF {
			t.Errorf("%s: %q has %s", right.Address, member, role)
		}
	}
	if rights == 0 {
		t.Error("nobody has a right")
	}
	for _, bucket := range p.of("google_storage_bucket") {
		want := "enforced"
		if owners[bucket.text("name")] == names.ZTF {
			want = "inherited"
		}
		if got := bucket.text("public_access_prevention"); got != want {
			t.Errorf("prevention of public access to %s is %s, want %s", bucket.text("name"), got, want)
		}
	}
}

// account is the part of a member's address that is its name.
func account(member string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(member, "serviceAccount:"), "@survey.iam.gserviceaccount.com")
	return name
}

// owners say which stream the plan's resources belong to, by their names: the
// programs' names where they have them, and the module's instance for the rest.
func (p plan) owners(t *testing.T, suffix string) map[string]names.Stream {
	t.Helper()
	owners := map[string]names.Stream{}
	for _, stream := range names.Streams() {
		r := names.Resources{Project: "survey", Stream: stream, Suffix: suffix}
		owners[r.AlertsBucket()], owners[r.ProductsBucket()], owners[r.Dataset()] = stream, stream, stream
	}
	for _, r := range p {
		_, instance, ok := strings.Cut(r.Address, "[\"")
		if !ok || !strings.HasPrefix(r.Address, "module.") {
			continue
		}
		instance = instance[:strings.IndexAny(instance, "/\"")]
		stream := names.Stream(instance)
		if stream.Validate() != nil {
			continue
		}
		for kind, attribute := range map[string]string{
			"google_pubsub_topic": "name", "google_pubsub_subscription": "name", "google_secret_manager_secret": "secret_id",
			"google_service_account": "account_id", "google_cloudfunctions2_function": "name",
		} {
			if r.Type != kind {
				continue
			}
			name := r.text(attribute)
			if of, taken := owners[name]; taken && of != stream {
				t.Errorf("%s belongs to %s and to %s", name, of, stream)
			}
			owners[name] = stream
		}
	}
	return owners
}

// checkEvents holds that no event is lost: each subscription lives for ever and
// has a dead letter, but for that of the dead letters, and waits for longer than
// its function works.
func checkEvents(t *testing.T, p plan) {
	t.Helper()
	for _, s := range p.of("google_pubsub_subscription") {
		letters := strings.HasPrefix(s.Address, "module.stream[")
		policy := s.block("dead_letter_policy")
		switch attempts, _ := policy["max_delivery_attempts"].(float64); {
		case letters && policy != nil:
			t.Errorf("dead letters of %s have nowhere to go", s.text("name"))
		case !letters && attempts < 5:
			t.Errorf("subscription %s has no dead letter", s.text("name"))
		}
		if ttl, ok := s.block("expiration_policy")["ttl"]; !ok || ttl != "" {
			t.Errorf("subscription %s expires: %v", s.text("name"), ttl)
		}
		if push := s.block("push_config"); !letters && push["oidc_token"] == nil {
			t.Errorf("subscription %s calls its function without a name", s.text("name"))
		}
		if deadline, _ := s.Change.After["ack_deadline_seconds"].(float64); deadline != 600 {
			t.Errorf("subscription %s waits %v seconds", s.text("name"), deadline)
		}
	}
	for _, f := range p.of("google_cloudfunctions2_function") {
		service := f.block("service_config")
		if timeout, _ := service["timeout_seconds"].(float64); timeout <= 0 || timeout >= 600 {
			t.Errorf("function %s works for %v seconds", f.text("name"), timeout)
		}
		if service["ingress_settings"] != "ALLOW_INTERNAL_ONLY" {
			t.Errorf("function %s can be called from outside", f.text("name"))
		}
	}
}
