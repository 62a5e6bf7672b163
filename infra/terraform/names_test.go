package terraform_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/filters"
	"nightwire.dev/infra/terraform"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
)

// ownFilter is a filter of the public stream in tests/plan.tftest.hcl that is not
// built in.
const ownFilter = "purple"

// checkNames compares every name in the plan with those that the programs use.
func checkNames(t *testing.T, p plan, suffix string) {
	t.Helper()
	type kinds struct{ Topics, Subscriptions, Buckets, Datasets, Tables, Filters, Jobs, EntryPoints map[string]bool }
	want := kinds{Topics: map[string]bool{}, Subscriptions: map[string]bool{}, Buckets: map[string]bool{}, Datasets: map[string]bool{},
		Tables: map[string]bool{}, Filters: map[string]bool{}, Jobs: map[string]bool{}, EntryPoints: map[string]bool{}}
	functions, err := terraform.Functions()
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range names.Streams() {
		r := names.Resources{Project: "survey", Stream: stream, Suffix: suffix}
		topics := []string{r.RawTopic(), r.ArchivedTopic(), r.DeadLetterTopic(), r.SupernovaTopic(), r.WatermarksTopic(), r.DawnTopic(), r.TarballTopic()}
		for name, topic := range builtIn(t, stream) {
			topics = append(topics, r.Topic(topic))
			want.Filters[r.ProductsBucket()+"/"+names.FilterObject(name)] = true
		}
		if stream == names.ZTF {
			topics = append(topics, r.Topic(ownFilter))
		}
		for _, f := range functions {
			topics = append(topics, r.Topic(f.Trigger))
			want.Subscriptions[r.Subscription(r.Topic(f.Trigger), f.Name)] = true
			want.EntryPoints[f.Name] = true
		}
		for _, topic := range topics {
			want.Topics[topic] = true
		}
		want.Subscriptions[r.DeadLetterTopic()] = true
		want.Jobs[r.DawnTopic()] = true
		want.Buckets[r.AlertsBucket()], want.Buckets[r.ProductsBucket()] = true, true
		want.Datasets[r.Dataset()] = true
		for _, table := range tables(stream) {
			want.Tables[r.Dataset()+"."+table] = true
		}
	}
	got := kinds{
		Topics: p.all("google_pubsub_topic", "name"), Subscriptions: p.all("google_pubsub_subscription", "name"),
		Buckets: p.all("google_storage_bucket", "name"), Datasets: p.all("google_bigquery_dataset", "dataset_id"),
		Tables: map[string]bool{}, Filters: map[string]bool{}, EntryPoints: map[string]bool{},
		Jobs: p.all("google_cloud_scheduler_job", "name"),
	}
	for _, table := range p.of("google_bigquery_table") {
		got.Tables[table.text("dataset_id")+"."+table.text("table_id")] = true
	}
	for _, object := range p.of("google_storage_bucket_object") {
		if object.text("bucket") != source(suffix) {
			got.Filters[object.text("bucket")+"/"+object.text("name")] = true
		}
	}
	for _, f := range p.of("google_cloudfunctions2_function") {
		entry, _ := f.block("build_config")["entry_point"].(string)
		got.EntryPoints[entry] = true
	}
	delete(got.Buckets, source(suffix)) // the functions' source is no stream's
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-programs +terraform):\n%s", diff)
	}
	checkFolders(t, p)
}

// source is the bucket of the functions' source.
func source(suffix string) string {
	if suffix == "" {
		return "survey-nightwire-source"
	}
	return "survey-nightwire-source-" + suffix
}

// checkFolders holds that every object of the bucket of products lies in a folder
// to which rights can be given.
func checkFolders(t *testing.T, p plan) {
	t.Helper()
	const night = "2026-09-01"
	r := names.Resources{Project: "survey", Stream: names.ZTF}
	folders := p.all("google_storage_managed_folder", "name")
	for _, object := range []string{
		names.FilterObject("f"), names.PausedObject("f"), names.AcceptedObject("f"), names.ClaimObject(night, "o", "1"), names.PlotObject(night, "o", "1"),
		names.CertificateObject(night), names.CertificatePage(night), r.TarballObject(night), r.TarballIndexObject(night), r.TarballSumObject(night),
		names.TarballFolder(night), "models/NAME/template.dat",
	} {
		if folder := object[:slices.Index([]byte(object), '/')+1]; !folders[folder] {
			t.Errorf("object %s is in no folder of the plan", object)
		}
	}
}

// builtIn are the topics of the stream's built-in filters, by the filters' names.
func builtIn(t *testing.T, stream names.Stream) map[string]string {
	t.Helper()
	all, err := filters.All()
	if err != nil {
		t.Fatal(err)
	}
	topics := map[string]string{}
	for _, file := range all {
		f, err := file.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if f.For(stream) {
			topics[f.Name] = f.Topic
		}
	}
	return topics
}

// tables are the names of the stream's tables and views.
func tables(stream names.Stream) (all []string) {
	for _, table := range schemas.Tables(stream.Survey()) {
		all = append(all, table.Name)
	}
	for _, view := range schemas.Views(stream.Survey()) {
		all = append(all, view.Name)
	}
	return all
}
