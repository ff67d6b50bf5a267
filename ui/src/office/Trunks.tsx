export function Trunks() { return null }
