// SCRAM-SHA-256, the server's half (RFC 5802, RFC 7677), over stored verifiers as PostgreSQL writes them.
import { Buffer } from 'node:buffer';
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { DatabaseError } from '../engine/data/error.ts';

export const SCRAM_MECHANISM = 'SCRAM-SHA-256';

/** `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, base64 (PostgreSQL manual, pg_authid.rolpassword). */
interface Verifier {
  readonly iterations: number;
  readonly salt: string;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

function readVerifier(text: string): Verifier {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(text);
  if (match === null) throw new DatabaseError('XX000', 'malformed SCRAM verifier');
  return {
    iterations: Number(match[1]),
    salt: match[2],
    storedKey: Buffer.from(match[3], 'base64'),
    serverKey: Buffer.from(match[4], 'base64'),
  };
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** A verifier no password fits, made from the user's name so that it looks the same at every attempt. */
export function mockVerifier(user: string, serverSecret: Uint8Array): string {
  const bytes = hmac(serverSecret, user);
  const salt = bytes.subarray(0, 16).toString('base64');
  return `SCRAM-SHA-256$4096:${salt}$${bytes.toString('base64')}:${bytes.toString('base64')}`;
}

function malformed(detail: string): DatabaseError {
  return new DatabaseError('08P01', 'malformed SCRAM message', { detail });
}

/** The attributes of a SCRAM message, `a=..,b=..`, in order. */
function attributes(message: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const part of message.split(',')) {
    if (part.length < 2 || part[1] !== '=') throw malformed('Attribute expected.');
    out.set(part[0], part.slice(2));
  }
  return out;
}

/** One authentication: `first` answers the client's first message, `final` its second. */
export class ScramExchange {
  readonly #verifier: Verifier;
  #clientFirstBare = '';
  #serverFirst = '';
  #nonce = '';
  #gs2Header = '';

  constructor(verifier: string) {
    this.#verifier = readVerifier(verifier);
  }

  /** `message`: body of SASLInitialResponse. Returns the server-first-message. */
  first(message: Buffer): Buffer {
    const end = message.indexOf(0);
    if (end < 0 || message.length < end + 5) throw malformed('The message is too short.');
    const mechanism = message.toString('latin1', 0, end);
    if (mechanism !== SCRAM_MECHANISM) {
      throw new DatabaseError('08P01', 'client selected an invalid SASL authentication mechanism');
    }
    const length = message.readInt32BE(end + 1);
    const text = message.toString('utf8', end + 5);
    if (length !== message.length - end - 5) throw malformed('Message length does not match.');
    const match = /^(n|y),([^,]*),(.*)$/s.exec(text);
    if (match === null) throw malformed('Channel binding is not supported by this server.');
    this.#gs2Header = `${match[1]},${match[2]},`;
    this.#clientFirstBare = match[3];
    const clientNonce = attributes(this.#clientFirstBare).get('r');
    if (clientNonce === undefined || clientNonce === '') throw malformed('Nonce expected.');
    this.#nonce = clientNonce + randomBytes(18).toString('base64');
    this.#serverFirst = `r=${this.#nonce},s=${this.#verifier.salt},i=${this.#verifier.iterations}`;
    return Buffer.from(this.#serverFirst);
  }

  /** `message`: body of SASLResponse. Returns the server-final-message, or null when the password is wrong. */
  final(message: Buffer): Buffer | null {
    const text = message.toString('utf8');
    const given = attributes(text);
    const binding = given.get('c');
    const proof = given.get('p');
    if (binding === undefined || proof === undefined || given.get('r') !== this.#nonce) {
      throw malformed('Nonce does not match.');
    }
    if (binding !== Buffer.from(this.#gs2Header).toString('base64')) {
      throw malformed('Unexpected SCRAM channel-binding attribute in client-final-message.');
    }
    const withoutProof = text.slice(0, text.lastIndexOf(',p='));
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`;
    const signature = hmac(this.#verifier.storedKey, authMessage);
    const proofBytes = Buffer.from(proof, 'base64');
    if (proofBytes.length !== signature.length) return null;
    const clientKey = Buffer.from(proofBytes.map((b, i) => b ^ signature[i]));
    const storedKey = createHash('sha256').update(clientKey).digest();
    if (!timingSafeEqual(storedKey, this.#verifier.storedKey)) return null;
    return Buffer.from(`v=${hmac(this.#verifier.serverKey, authMessage).toString('base64')}`);
  }
}
