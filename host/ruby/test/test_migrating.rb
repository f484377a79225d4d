# frozen_string_literal: true

require "erb"
require "ripper"
require "tmpdir"
require_relative "helper"

# The logins of docs/migrating.md, as they are printed.
class TestMigrating < SandboxTest
  BEFORE, AFTER = File.read(File.expand_path("../../../docs/migrating.md", __dir__)).scan(/^```ruby\n(.*?)^```$/m).flatten

  # What a web framework gives to a login.
  Page = Struct.new(:session, :params, :user) do
    def halt(text) = throw(:halt, text)

    def variables = binding
  end

  def test_the_lines_with_xoxzos_client_are_ruby
    refute_nil Ripper.sexp(BEFORE)
  end

  def test_the_login_that_replaces_them
    Dir.mktmpdir do |folder|
      File.write("#{folder}/settings.json", xoxzo.settings)
      page = Page.new({}, {}, Struct.new(:phone, :id).new(user.recipient, user.subject))
      variables = page.variables
      start, verify = AFTER.gsub("/srv/shop", folder).split("# after the form\n").map do |code|
        -> { catch(:halt) { variables.eval(code, __FILE__, __LINE__) } }
      end
      start.call
      assert_equal "Type all the digits of the code and nothing else. This did not count as a try.", verify.call
      assert_nil page.session[:user]
      page.params["pin"] = xoxzo.pin(user.recipient)
      verify.call
      assert_equal "user-1", page.session[:user]
    end
  end
end
