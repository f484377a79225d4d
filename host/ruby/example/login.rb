# frozen_string_literal: true

# A login with a password and a code: two pages on Sinatra and Puma, and sessions in memory.
#
#   ruby example/login.rb SETTINGS.json STORE
#
# It serves on a loopback port that the system chooses, and prints its address. One user, ann, has the password in DEMO_PASSWORD and the number in
# DEMO_NUMBER. A service has users, passwords by a slow hash, and sessions of its own; what stays is the order of the steps.

require "puma"
require "puma/server"
require "securerandom"
require "sinatra/base"
require "xoxzo_2fa"

# Sessions by their ids, which are new at each step, so that nobody knows one from before.
class Sessions
  Session = Struct.new(:user, :subject, :token, :ends, keyword_init: true)

  def initialize
    @sessions = {}
    @mutex = Mutex.new
  end

  def [](id)
    @mutex.synchronize { @sessions[id] if @sessions[id] && @sessions[id].ends > Time.now }
  end

  def replace(old, **session)
    id = SecureRandom.urlsafe_base64(32)
    @mutex.synchronize do
      @sessions.delete(old)
      @sessions.delete_if { |_, each| each.ends <= Time.now }
      @sessions[id] = Session.new(**session)
    end
    id
  end

  def end(id) = @mutex.synchronize { @sessions.delete(id) }
end

# The pages.
class Login < Sinatra::Base
  set :environment, :production
  set :views, __dir__
  set :two_factor, nil
  set :users, {}
  set :sessions_by_id, Sessions.new

  helpers do
    def id = request.cookies["session"]
    def session_of_browser = settings.sessions_by_id[id]

    # Behind TLS the cookie is Secure as well.
    def begin_session(**session)
      response.set_cookie("session", value: settings.sessions_by_id.replace(id, **session), path: "/", httponly: true, same_site: :strict)
    end

    def binding_of(user) = Xoxzo2fa::Binding.new(recipient: user[:number], subject: user[:id])

    # What the user reads of a failure. Operators read of those that are not the user's.
    def told(failed)
      warn(failed.message) unless failed.is_a?(Xoxzo2fa::Refuse)
      failed.explain("en")
    end

    def page(**shown)
      status 422 if shown[:problem]
      headers "Cache-Control" => "no-store"
      erb :page, locals: { subject: nil, code: false, masked: nil, problem: nil, **shown }
    end
  end

  # A form of another site has another origin.
  before do
    origin = request.get_header("HTTP_ORIGIN")
    halt 403, "another site" if request.post? && origin && origin != request.base_url
  end

  get "/" do
    found = session_of_browser
    page(subject: found&.subject, code: !found.nil? && found.subject.nil?)
  end

  post "/password" do
    user = settings.users[params["name"]]
    right = user && params["password"].is_a?(String) && Rack::Utils.secure_compare(user[:password], params["password"])
    next page(problem: "Name or password is wrong.") unless right

    challenge = settings.two_factor.start(binding_of(user))
    begin_session(user:, token: challenge.token, ends: Time.now + challenge.expires_in)
    page(code: true, masked: challenge.masked)
  rescue Xoxzo2fa::Error => e
    page(problem: told(e).text)
  end

  # Who is signed in is who the acceptance names.
  post "/code" do
    found = session_of_browser
    redirect to("/"), 303 if found.nil? || found.subject
    # People copy the spaces around a code, and type some between its digits.
    pin = params["pin"].to_s.scrub.gsub(/[[:space:]]/, "")
    acceptance = settings.two_factor.verify(found.token, binding_of(found.user), pin)
    begin_session(user: found.user, subject: acceptance.subject, ends: Time.now + 3600)
    redirect to("/"), 303
  rescue Xoxzo2fa::Error => e
    explanation = told(e)
    over = explanation.offers.include?("start-again")
    settings.sessions_by_id.end(id) if over
    page(code: !over, problem: explanation.text)
  end
end

abort "usage: ruby #{$PROGRAM_NAME} SETTINGS.json STORE" unless ARGV.length == 2
number, password = ENV.values_at("DEMO_NUMBER", "DEMO_PASSWORD")
abort "DEMO_NUMBER and DEMO_PASSWORD must be set" unless number && password

begin
  Login.set :two_factor, Xoxzo2fa::Client.new(File.read(ARGV[0]), store: ARGV[1])
rescue SystemCallError, Xoxzo2fa::Error => e
  abort e.message
end
Login.set :users, { "ann" => { id: "user-1", number:, password: } }
server = Puma::Server.new(Login)
port = server.add_tcp_listener("127.0.0.1", 0).addr[1]
puts "http://127.0.0.1:#{port}"
$stdout.flush
trap(:TERM) { server.stop }
trap(:INT) { server.stop }
server.run.join
