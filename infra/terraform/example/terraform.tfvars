project         = "my-project"
region          = "us-central1"
operators       = ["operator@example.org"]
billing_account = "000000-000000-000000"
budget          = 900

streams = {
  ztf = {
    public = true
    kafka  = { bootstrap_servers = "public.alerts.example.org:9092" }
  }
  ztf-partnership = {
    readers = ["group:partnership@example.org"]
    kafka   = { bootstrap_servers = "partners.alerts.example.org:9092" }
  }
  lsst = {
    readers  = ["group:rubin@example.org"]
    registry = { url = "https://schemas.example.org", username = "broker" }
    kafka = {
      bootstrap_servers = "rubin.example.org:9094"
      password          = true
      machines          = 2
      environment = {
        KAFKA_TOPICS            = "lsst-alerts-v10.0"
        KAFKA_SECURITY_PROTOCOL = "SASL_SSL"
        KAFKA_SASL_MECHANISM    = "SCRAM-SHA-512"
        KAFKA_SASL_USERNAME     = "broker"
      }
    }
  }
}
