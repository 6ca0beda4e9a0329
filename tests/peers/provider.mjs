// The OpenID-certified `oidc-provider` with people from the environment, for the tests.
import Provider from 'oidc-provider';

const [issuer, port, back] = process.argv.slice(2);
const people = JSON.parse(process.env.PEOPLE);

new Provider(issuer, {
  clients: [{ client_id: 'tocsin', client_secret: 'a secret: of + the tests', redirect_uris: [back] }],
  findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  claims: {
    openid: ['sub', 'auth_time'],
    email: ['email', 'email_verified'],
    profile: ['name', 'preferred_username'],
    groups: ['groups'],
  },
  scopes: ['openid', 'email', 'profile', 'groups'],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
}).listen(Number(port), '127.0.0.1');
