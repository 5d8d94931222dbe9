// Passkeys: a form with data-passkey="get" signs in, one with "create" adds a key. Without JavaScript neither shows.
const { create, get, supported } = window.webauthnJSON;

// allauth offers keys that come second; ours sign in alone, so the device must keep them and check whose hand it is.
function creationOptions(form) {
  const options = JSON.parse(form.querySelector("#passkey-options").textContent).creation_options;
  Object.assign(options.publicKey.authenticatorSelection, {
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  });
  return options;
}

async function requestOptions(form) {
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(response.statusText);
  return (await response.json()).request_options;
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  form.hidden = !supported();
  const said = form.querySelector("[data-failed]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    try {
      const credential =
        form.dataset.passkey === "create" ? await create(creationOptions(form)) : await get(await requestOptions(form));
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      said.textContent = said.dataset.failed; // refused, given up, or not possible at this address
    }
  });
}
for (const notice of document.querySelectorAll("[data-no-passkey]")) {
  notice.hidden = supported();
}
