<?php

/**
 * A server that gives each request the same answer, the bytes of its standard input. It prints its address, then a line for each request.
 */

declare(strict_types=1);

$answer = (string) stream_get_contents(STDIN);
$server = stream_socket_server('tcp://127.0.0.1:0') ?: exit(1);
echo stream_socket_get_name($server, false), "\n";
while ($connection = stream_socket_accept($server, -1)) {
    $head = '';
    while (($line = fgets($connection)) !== false && trim($line) !== '') {
        $head .= $line;
    }
    preg_match('/^content-length: (\d+)/mi', $head, $length);
    $body = ($length[1] ?? 0) > 0 ? stream_get_contents($connection, (int) $length[1]) : '';
    echo json_encode([$head, $body], JSON_THROW_ON_ERROR), "\n";
    // Who hangs up before the end is no fault here.
    @fwrite($connection, $answer);
    fclose($connection);
}
