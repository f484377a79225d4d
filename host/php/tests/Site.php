<?php

declare(strict_types=1);

namespace Xoxzo\TwoFactor\Tests;

/**
 * A folder of pages behind Debian's nginx and php-fpm with four workers, with Debian's own settings and the lines that the README says.
 *
 * XOXZO_2FA_SERVERS may name a folder where their packages are unpacked.
 */
final class Site
{
    private const WORKERS = 4;

    public readonly string $url;

    /** Readable for the workers, and writable for nobody else. */
    public readonly string $folder;

    /** @var list<resource> */
    private array $processes = [];

    private readonly int $owner;

    /**
     * Serves the folder by php-fpm and nginx.
     *
     * @param string $pages The folder, whose index.php answers everything.
     * @param list<string> $ini Lines of PHP's settings.
     * @param array<string, string> $environment Variables for the pages. `{folder}` stands for this site's folder.
     */
    public function __construct(string $pages, array $ini, array $environment = [])
    {
        $worker = self::worker();
        $this->prepare($worker);
        $variables = '';
        foreach ($this->placed($environment) as $name => $value) {
            $variables .= "env[$name] = '$value'\n";
        }
        file_put_contents("$this->folder/conf.d/99-xoxzo-2fa.ini", implode("\n", [...$ini, "session.save_path = $this->folder/sessions", '']));
        file_put_contents("$this->folder/fpm.conf", $this->fpm($worker) . $variables);
        $port = self::freePort();
        file_put_contents("$this->folder/nginx.conf", $this->nginx($pages, $port));
        $this->url = "http://127.0.0.1:$port";

        $version = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        $fpm = [self::program("php-fpm$version"), '-F', '-c', "/usr/lib/php/$version/php.ini-production", '-y', "$this->folder/fpm.conf"];
        // The modules of php-cli, which Debian enables for php-fpm likewise.
        $this->run($fpm, ['PHP_INI_SCAN_DIR' => "/etc/php/$version/cli/conf.d:$this->folder/conf.d"]);
        $this->run([self::program('nginx'), '-p', $this->folder, '-e', 'stderr', '-c', "$this->folder/nginx.conf"]);
        $this->await("tcp://127.0.0.1:$port", "unix://$this->folder/fpm.sock");
    }

    /**
     * Serves the folder by PHP's built-in server.
     *
     * @param array<string, string> $environment
     */
    public static function builtIn(string $pages, array $environment): self
    {
        $site = (new \ReflectionClass(self::class))->newInstanceWithoutConstructor();
        $site->prepare(null);
        $port = self::freePort();
        $site->url = "http://127.0.0.1:$port";
        $options = ['-d', 'ffi.enable=true', '-d', "session.save_path=$site->folder/sessions"];
        $site->run([PHP_BINARY, ...$options, '-S', "127.0.0.1:$port", '-t', $pages, "$pages/index.php"], $site->placed($environment));
        $site->await("tcp://127.0.0.1:$port");
        return $site;
    }

    /**
     * Serves the example of a login.
     *
     * @param 'fpm'|'built-in' $server
     * @param array<string, array{id: string, phone: string, hash: string}> $users
     * @param string $store For PHP's own server. The workers of php-fpm have a file in the site's folder.
     */
    public static function login(string $server, string $settings, array $users, string $store): self
    {
        $pages = dirname(__DIR__) . '/examples/login';
        $places = ['SETTINGS' => '{folder}/settings.json', 'USERS' => '{folder}/users.php'];
        $site = $server === 'fpm'
            ? new self($pages, self::preloaded(), [...$places, 'STORE' => 'sqlite:{folder}/guard/counters'])
            : self::builtIn($pages, [...$places, 'STORE' => $store]);
        file_put_contents("$site->folder/settings.json", $settings);
        file_put_contents("$site->folder/users.php", '<?php return ' . var_export($users, true) . ';');
        return $site;
    }

    public function __destruct()
    {
        if (getmypid() !== $this->owner) {
            return;
        }
        foreach (array_reverse($this->processes) as $process) {
            // PHP's own server waits for its workers, which nobody but us stops.
            posix_kill(-proc_get_status($process)['pid'], SIGINT);
            proc_close($process);
        }
        $files = new \RecursiveDirectoryIterator($this->folder, \FilesystemIterator::SKIP_DOTS);
        foreach (new \RecursiveIteratorIterator($files, \RecursiveIteratorIterator::CHILD_FIRST) as $file) {
            $file->isDir() ? rmdir($file->getPathname()) : unlink($file->getPathname());
        }
        rmdir($this->folder);
    }

    /**
     * The lines of the README for php-fpm. Without root there are no other users to preload as.
     *
     * @return list<string>
     */
    public static function preloaded(): array
    {
        [$lines] = Readme::blocks('ini');
        $lines = str_replace('/srv/shop/vendor/xoxzo/xoxzo-2fa', dirname(__DIR__), $lines);
        $kept = static fn (string $line): bool => self::worker() !== null || !str_starts_with($line, 'opcache.preload_user');
        return array_values(array_filter(explode("\n", $lines), $kept));
    }

    /** Returns what php-fpm and nginx wrote. */
    public function log(): string
    {
        return (string) file_get_contents("$this->folder/log");
    }

    /** Makes the folder, of which a worker owns the parts that it writes to. */
    private function prepare(?string $worker): void
    {
        $this->owner = (int) getmypid();
        $this->folder = sys_get_temp_dir() . '/xoxzo-2fa-php-' . bin2hex(random_bytes(8));
        mkdir($this->folder, 0711);
        mkdir("$this->folder/conf.d");
        foreach (['guard', 'sessions'] as $own) {
            mkdir("$this->folder/$own", 0700);
            $worker === null || chown("$this->folder/$own", $worker);
        }
    }

    /**
     * @param array<string, string> $environment
     * @return array<string, string>
     */
    private function placed(array $environment): array
    {
        return str_replace('{folder}', $this->folder, $environment);
    }

    private static function worker(): ?string
    {
        return posix_geteuid() === 0 ? 'www-data' : null;
    }

    private static function program(string $name): string
    {
        $folders = explode(':', getenv('PATH') . ':/usr/sbin');
        $servers = getenv('XOXZO_2FA_SERVERS');
        foreach ($servers === false ? $folders : ["$servers/usr/sbin", ...$folders] as $folder) {
            if (is_executable("$folder/$name")) {
                return "$folder/$name";
            }
        }
        throw new \RuntimeException("there is no $name");
    }

    /** A free port below those that systems give out, so that nobody takes it between two starts of a server. */
    public static function freePort(): int
    {
        do {
            $port = random_int(10_240, 32_767);
            $server = @stream_socket_server("tcp://127.0.0.1:$port");
        } while ($server === false);
        fclose($server);
        return $port;
    }

    private function fpm(?string $worker): string
    {
        $user = $worker === null ? '' : "user = $worker\ngroup = $worker\n";
        $workers = self::WORKERS;
        return <<<INI
            [global]
            error_log = /proc/self/fd/2
            daemonize = no
            log_limit = 8192
            [www]
            {$user}listen = $this->folder/fpm.sock
            listen.mode = 0666
            pm = static
            pm.max_children = $workers
            catch_workers_output = yes

            INI;
    }

    private function nginx(string $pages, int $port): string
    {
        $user = posix_geteuid() === 0 ? 'user root;' : '';
        $folders = '';
        foreach (['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'] as $kind) {
            $folders .= "{$kind}_temp_path $this->folder/$kind; ";
        }
        return <<<NGINX
            $user daemon off; pid $this->folder/nginx.pid; worker_processes 1; events {}
            http {
              access_log off; $folders
              server {
                listen 127.0.0.1:$port backlog=4096;
                root $pages;
                location / {
                  fastcgi_pass unix:$this->folder/fpm.sock;
                  fastcgi_param SCRIPT_FILENAME $pages/index.php;
                  fastcgi_param SCRIPT_NAME /index.php;
                  fastcgi_param REQUEST_URI \$request_uri;
                  fastcgi_param REQUEST_METHOD \$request_method;
                  fastcgi_param QUERY_STRING \$query_string;
                  fastcgi_param CONTENT_TYPE \$content_type;
                  fastcgi_param CONTENT_LENGTH \$content_length;
                  fastcgi_param REMOTE_ADDR \$remote_addr;
                  fastcgi_param SERVER_PROTOCOL \$server_protocol;
                }
              }
            }

            NGINX;
    }

    /**
     * @param list<string> $command
     * @param array<string, string> $environment
     */
    private function run(array $command, array $environment = []): void
    {
        $log = ['file', "$this->folder/log", 'a'];
        $outlets = [['file', '/dev/null', 'r'], $log, $log];
        $process = proc_open(['setsid', ...$command], $outlets, $pipes, '/', [...getenv(), ...$environment]);
        $this->processes[] = $process !== false ? $process : throw new \RuntimeException("$command[0] did not start");
    }

    private function await(string ...$addresses): void
    {
        for ($tries = 0; $tries < 600; $tries++) {
            foreach ($this->processes as $process) {
                if (!proc_get_status($process)['running']) {
                    throw new \RuntimeException('a server ended: ' . $this->log());
                }
            }
            $open = array_filter($addresses, static fn (string $address): bool => @stream_socket_client($address) !== false);
            if ($open === $addresses) {
                return;
            }
            usleep(50_000);
        }
        throw new \RuntimeException('the servers did not answer: ' . $this->log());
    }
}
