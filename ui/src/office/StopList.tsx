export function StopList() { return null }
