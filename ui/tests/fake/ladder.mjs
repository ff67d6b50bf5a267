/* The messages of one invented call. Only for pictures and tests. */
import { at } from './desk.mjs'

const text = (first) =>
  [
    first,
    'Via: SIP/2.0/UDP 192.0.2.10:5062;rport;branch=z9hG4bK3f0c2b77',
    'From: <sip:+7000*****00@192.0.2.10>;tag=5b1e',
    'To: <sip:+7000*****23@192.0.2.1>;tag=c71',
    'Call-ID: 84eb230e97484828425f15ac4c97c2cb',
    'CSeq: 2 INVITE',
    'Reason: Q.850;cause=20;text="Subscriber absent"',
    'Content-Length: 0',
  ].join('\n')
const rung = (ms, dir, head, more = {}) => ({
  at: at(ms / 1000), ms, dir, peer: 'udp:192.0.2.1:5060', head, cseq: '2 INVITE', reason: '', sdp: false,
  text: text(head), ...more,
}) // prettier-ignore
export const ladder = {
  attempt: 'a0',
  call_id: '84eb230e97484828425f15ac4c97c2cb',
  steps: [
    rung(4, 'out', 'INVITE', { cseq: '1 INVITE', sdp: true }),
    rung(11, 'in', '100 Trying', { cseq: '1 INVITE' }),
    rung(12, 'in', '407 Proxy Authentication Required', { cseq: '1 INVITE' }),
    rung(12, 'out', 'ACK', { cseq: '1 ACK' }),
    rung(13, 'out', 'INVITE', { sdp: true }),
    rung(21, 'in', '100 Trying'),
    rung(1480, 'in', '183 Session Progress', { sdp: true }),
    rung(9310, 'in', '480 Temporarily Unavailable', {
      reason: 'Q.850;cause=20;text="Subscriber absent"',
    }),
    rung(9311, 'out', 'ACK', { cseq: '2 ACK' }),
  ],
}
