<?php
// The requests of Xoxzo's client for PHP (xoxzo/cloudphp 1.0.1) and the expectations of its tests, by their names. It follows
// redirects with its credentials, and leaves out the last slash of a status.

declare(strict_types=1);

const RECIPIENT = '+819012345678';
const INVALID = '+8108012345678';
const CALLER = '814512345678';
const RECORDING = 'https://example.com/hello-mp3';

/** Sends a request. Returns the status, null for 200 and 201, and the decoded body, null if it is not JSON. */
function ask(string $method, string $path, ?array $form = null): array
{
    $handle = curl_init(getenv('XOXZO_BASE_URL') . $path);
    curl_setopt_array($handle, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_USERPWD => getenv('XOXZO_API_SID') . ':' . getenv('XOXZO_API_AUTH_TOKEN'),
        CURLOPT_FOLLOWLOCATION => true,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_PROXY => '',
    ]);
    if ($form !== null) {
        curl_setopt($handle, CURLOPT_POSTFIELDS, http_build_query($form));
    }
    $body = curl_exec($handle);
    if ($body === false) {
        throw new RuntimeException(curl_error($handle));
    }
    $status = curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
    return [in_array($status, [200, 201], true) ? null : $status, json_decode($body)];
}

function expect(bool $holds, mixed $told): void
{
    if (!$holds) {
        throw new UnexpectedValueException('unexpected: ' . json_encode($told));
    }
}

function sms(string $recipient): array
{
    return ask('POST', '/sms/messages/', ['message' => 'Hello from PHP', 'recipient' => $recipient, 'sender' => CALLER]);
}

function call(string $recipient, array $what): array
{
    return ask('POST', '/voice/simple/playbacks/', ['caller' => CALLER, 'recipient' => $recipient] + $what);
}

/** The list of messages with a filter, whose `>` is encoded and whose `=` is not. */
function sent(string $filter): array
{
    return ask('GET', '/sms/messages/' . ($filter === '' ? '' : '?sent_date' . str_replace('>', '%3E', $filter)));
}

function days_ago(int $days): string
{
    return '>=' . gmdate('Y-m-d', time() - $days * 86400);
}

function taken(array $answer, string $id, string $status): void
{
    [$errors, $told] = $answer;
    expect($errors === null && isset($told[0]->$id), $answer);
    $state = ask('GET', $status . $told[0]->$id);
    expect($state[0] === null && isset($state[1]->$id), $state);
}

function refused(array $answer, string $field): void
{
    expect($answer[0] === 400 && isset($answer[1]->$field), $answer);
}

function listed(array $answer): void
{
    expect($answer[0] === null && isset($answer[1][0]->msgid), $answer);
}

function subscriptions(string $uid): array
{
    [$errors, $all] = ask('GET', '/voice/dins/subscriptions/');
    expect($errors === null && is_array($all), $all);
    return array_values(array_filter($all, fn (object $one): bool => $one->din_uid === $uid));
}

function din(): void
{
    [$errors, $dins] = ask('GET', '/voice/dins/');
    expect($errors === null && isset($dins[0]->din_uid), $dins);
    $uid = $dins[0]->din_uid;
    $path = "/voice/dins/subscriptions/$uid/";
    $subscribed = ask('POST', '/voice/dins/subscriptions/', ['din_uid' => $uid]);
    expect($subscribed[0] === null, $subscribed);
    $set = ask('POST', $path, ['action_url' => 'http://example.com/dummy_url']);
    expect($set[0] === null, $set);
    $own = subscriptions($uid);
    expect(count($own) === 1 && $own[0]->action->url === 'http://example.com/dummy_url', $own);
    $ended = ask('DELETE', $path);
    expect($ended[0] === null, $ended);
    expect(subscriptions($uid) === [], $uid);
}

$speech = ['tts_message' => 'Hello', 'tts_lang' => 'en'];
$missing = fn (array $answer): mixed => expect($answer === [404, null], $answer);
$found = fn (string $query): mixed => expect(($told = ask('GET', '/voice/dins/' . $query))[0] === null, $told);
$tests = [
    'send_sms_success01' => fn () => taken(sms(RECIPIENT), 'msgid', '/sms/messages/'),
    'send_sms_fail01' => fn () => refused(sms(INVALID), 'recipient'),
    'get_sms_delivery_status_01' => fn () => $missing(ask('GET', '/sms/messages/W0kYZfyBeTpqcPv2AnKolSjOwDr3d87i-xxx')),
    'get_sms_delivery_status_02' => fn () => listed(ask('GET', '/sms/messages/')),
    'get_sent_sms_list_01' => fn () => listed(sent('')),
    'get_sent_sms_list_02' => fn () => listed(sent(days_ago(89))),
    'get_sent_sms_list_03' => fn () => refused(sent(days_ago(91)), 'sent_date'),
    'get_sent_sms_list_04' => fn () => refused(sent('>=2016-13-01'), 'sent_date'),
    'get_sent_sms_list_05' => fn () => listed(sent('')),
    'call_simple_playback_success01' => fn () => taken(call(RECIPIENT, ['recording_url' => RECORDING]), 'callid', '/voice/calls/'),
    'call_simple_playback_fail01' => fn () => refused(call(INVALID, ['recording_url' => RECORDING]), 'recipient'),
    'call_tts_playback_success01' => fn () => taken(call(RECIPIENT, $speech), 'callid', '/voice/calls/'),
    'call_tts_playback_fail01' => fn () => refused(call(INVALID, $speech), 'recipient'),
    'get_simple_playback_status_01' => fn () => $missing(ask('GET', '/voice/calls/b160f404-f1b8-4576-b56a-f557c3fca483')),
    'get_din_list_success_01' => fn () => $found(''),
    'get_din_list_success_02' => fn () => $found('?country=JP'),
    'get_din_list_success_03' => fn () => $found('?prefix=813'),
    'get_din_list_fail_01' => fn () => refused(ask('GET', '/voice/dins/?foo=813'), 'foo'),
    'din' => din(...),
];
foreach ($tests as $name => $test) {
    try {
        $test();
        echo "$name: ok\n";
    } catch (Throwable $error) {
        echo "$name: ", strtr($error->getMessage(), "\n", ' '), "\n";
    }
}
