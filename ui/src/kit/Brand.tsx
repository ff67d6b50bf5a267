/* The sign of Vyzov: a handset that calls. */
export function Brand() {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      aria-hidden
    >
      <path
        d="M4 5.5c0 8 6.5 14.5 14.5 14.5l1.500-4-4.500-2-1.800 1.800a12 12 0 0 1-5.500-5.500L10 8.500 8 4z"
        fill="currentColor"
        stroke="none"
      />
      <path d="M14 4.500a5.500 5.500 0 0 1 5.500 5.500" />
    </svg>
  )
}
