// Verifies credentials with somebody else's implementation of Data Integrity, from documents that the caller gives and no network.
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {readFileSync} from 'node:fs';
import signatures from 'jsonld-signatures';

const {credentials, did} = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(url) {
  const method = did.verificationMethod.find(({id}) => id === url);
  const document = url === did.id ? did : method && {'@context': 'https://w3id.org/security/multikey/v1', ...method};
  if(!document) {
    throw new Error(`nothing may be loaded but the issuer's keys, not ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

const found = [];
for(const credential of credentials) {
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  const purpose = new signatures.purposes.AssertionProofPurpose();
  const {verified, error} = await signatures.verify(credential, {suite, purpose, documentLoader});
  found.push({verified, why: error ? (error.errors ?? [error]).map(each => each.message) : []});
}
console.log(JSON.stringify(found));
