// Passkeys, the one thing at the desk that a browser cannot do without a script. Everything else is forms and links.
'use strict';

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

const named = (credentials) => (credentials || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function create(options, alone) {
  const asked = { ...options.publicKey };
  asked.challenge = bytes(asked.challenge);
  asked.user = { ...asked.user, id: bytes(asked.user.id) };
  asked.excludeCredentials = named(asked.excludeCredentials);
  asked.authenticatorSelection = {
    ...asked.authenticatorSelection,
    residentKey: alone ? 'required' : 'discouraged',
    requireResidentKey: alone,
    userVerification: alone ? 'required' : 'preferred',
  };
  const made = await navigator.credentials.create({ publicKey: asked });
  return {
    id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: made.getClientExtensionResults(),
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
    },
  };
}

async function get(options) {
  const asked = { ...options.publicKey };
  asked.challenge = bytes(asked.challenge);
  asked.allowCredentials = named(asked.allowCredentials);
  const found = await navigator.credentials.get({ publicKey: asked });
  return {
    id: found.id, rawId: text(found.rawId), type: found.type, clientExtensionResults: found.getClientExtensionResults(),
    response: {
      clientDataJSON: text(found.response.clientDataJSON),
      authenticatorData: text(found.response.authenticatorData),
      signature: text(found.response.signature),
      userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
    },
  };
}

async function answer(form) {
  const kept = document.getElementById('options');
  switch (form.dataset.passkey) {
    case 'create':
      return create(JSON.parse(kept.textContent).creation_options, form.elements.passwordless.checked);
    case 'get':
      return get(JSON.parse(kept.textContent).request_options);
    default: {
      const asked = await fetch(form.action, { headers: { Accept: 'application/json' } });
      return get((await asked.json()).request_options);
    }
  }
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  const button = form.querySelector('button');
  const trouble = form.querySelector('.alarm[hidden]');
  if (!window.PublicKeyCredential) continue;
  button.hidden = false;
  form.querySelectorAll('.note').forEach((without) => { without.hidden = true; });
  button.addEventListener('click', async () => {
    trouble.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await answer(form));
      form.submit();
    } catch {
      trouble.hidden = false;
    }
  });
}
