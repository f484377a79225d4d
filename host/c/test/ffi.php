<?php
// The header as it is, in PHP's FFI: php -d ffi.enable=1 ffi.php HEADER LIBRARY SETTINGS
[, $header, $library, $settings] = $argv;
$x2f = FFI::cdef(file_get_contents($header), $library);
$failure = $x2f->new('x2f_failure');
$failure->size = FFI::sizeof($failure);
$client = $x2f->x2f_shared(file_get_contents($settings), 'memory', FFI::addr($failure));
$client !== null or exit(FFI::string($failure->code) . ': ' . FFI::string($failure->detail) . "\n");
$answer = $x2f->x2f_call($client, '{"preview": {}}');
$previews = json_decode(FFI::string($answer), true)['previews']['previews'];
$x2f->x2f_free($answer);
$verdict = $x2f->x2f_verify($client, 'token', null, '123456', null, null, FFI::addr($failure));
echo count($previews), ' ', var_export($verdict->accepted, true), ' ', FFI::string($failure->detail), "\n";
