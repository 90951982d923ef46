// A limit as a Node service would have it: rate-limiter-flexible, one window per subject, kept in Redis.
import cluster from 'node:cluster';
import http from 'node:http';
import { availableParallelism } from 'node:os';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

const [host, port] = process.argv[2].split(':');

if (cluster.isPrimary) {
  // One process for each processor, as the others use all of them.
  const workers = availableParallelism();
  let ready = 0;
  cluster.on('listening', (_, address) => {
    ready += 1;
    if (ready === workers) console.log(`serves at http://127.0.0.1:${address.port}`);
  });
  for (let worker = 0; worker < workers; worker += 1) cluster.fork();
} else {
  const redis = new Redis({ host, port: Number(port), enableAutoPipelining: true });
  serve({
    '/open': limiter(redis, 'open', 1_000_000_000, 60),
    '/shut': limiter(redis, 'shut', 1, 86_400),
  });
}

// Who has used up the limit is refused from memory, as its guide advises against floods.
function limiter(storeClient, keyPrefix, points, duration) {
  return new RateLimiterRedis({ storeClient, keyPrefix, points, duration, inMemoryBlockOnConsumed: points });
}

function serve(limiters) {
  http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => decide(limiters[request.url], JSON.parse(Buffer.concat(chunks)), response));
  }).listen(0, '127.0.0.1');
}

async function decide(limiter, { ip, cost }, response) {
  try {
    const left = await limiter.consume(ip, cost);
    answer(response, 200, { allowed: true, remaining: left.remainingPoints });
  } catch (refusal) {
    if (refusal instanceof Error) answer(response, 503, { allowed: false });
    else answer(response, 429, { allowed: false, retryAfterMs: refusal.msBeforeNext });
  }
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
