# frozen_string_literal: true

Gem::Specification.new do |gem|
  gem.name = "xoxzo-2fa"
  gem.version = "0.1.0"
  gem.summary = "SMS two-factor authentication through Xoxzo"
  gem.description = "Logins and payments confirmed by a code that Xoxzo sends by SMS: the xoxzo-2fa engine, by its library for C."
  gem.authors = ["Xoxzo"]
  gem.homepage = "https://github.com/xoxzo/xoxzo-2fa"
  gem.licenses = ["MIT", "Apache-2.0"]
  gem.required_ruby_version = ">= 3.1"
  gem.files = Dir["lib/**/*.rb", "README.md", "LICENSE-*"]
  gem.metadata = { "rubygems_mfa_required" => "true" }
  gem.add_dependency "ffi", "~> 1.15"
end
