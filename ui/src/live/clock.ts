/* The server's clock as seen from the browser: timers on a desk must agree with the dialer, not with a
   workstation whose clock is five minutes off. */

export class ServerClock {
  private offset = 0
  private best = Number.POSITIVE_INFINITY

  constructor(private readonly local: () => number = Date.now) {}

  /** Learns from a server time (ms since the epoch) that travelled at most `trip` ms to get here. */
  learn(serverMs: number, trip: number): void {
    if (!Number.isFinite(serverMs) || trip > this.best * 4) return
    this.best = Math.min(this.best, Math.max(trip, 1))
    this.offset = serverMs + trip / 2 - this.local()
  }

  /** Forgets how good the last measurement was, after a reconnect the clocks may have moved. */
  restart(): void {
    this.best = Number.POSITIVE_INFINITY
  }

  now(): number {
    return this.local() + this.offset
  }
}
