output "image" {
  description = "The connector's image is pushed here."
  value       = "${module.project.images}/connector"
}

output "streams" {
  description = "What each stream owns."
  value = {
    for name, s in module.stream : name => {
      alerts   = s.buckets.alerts
      products = s.buckets.products
      dataset  = s.dataset
      topics   = { for kind, topic in s.topics : kind => topic.name }
    }
  }
}

output "addresses" {
  description = "The connectors' addresses, which a survey may want to know."
  value       = { for name, c in module.connector : name => c.addresses }
}
