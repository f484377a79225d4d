"use strict";
if ("OTPCredential" in window) {
  const form = document.forms.verify, stop = new AbortController();
  form.addEventListener("submit", () => stop.abort());
  navigator.credentials.get({ otp: { transport: ["sms"] }, signal: stop.signal })
    .then((otp) => { form.pin.value = otp.code; form.requestSubmit(); }).catch(() => {});
}
