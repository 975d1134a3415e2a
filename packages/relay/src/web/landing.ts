/**
 * What a browser sees that comes to the relay itself.
 * @module
 */

/** The page of `/` and of every path that is none. */
export const LANDING: string = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>moq-relay</title>
<h1>moq-relay</h1>
<p>This is a Media over QUIC relay. Point a player or a publisher at this address.</p>
<ul>
<li><code>/health</code>: whether it serves
<li><code>/announced/&lt;prefix&gt;</code>: what is live
<li><code>/fetch/&lt;broadcast&gt;/&lt;track&gt;?group=latest</code>: one group of a track
<li><code>/certificate.sha256</code>: the certificate's fingerprint
</ul>
</html>
`;
