/* How the screens are built: into the Python package, everything from our own origin, nothing inlined
   (the server's content security policy allows neither inline scripts nor data: addresses). */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.VYZOV_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../src/vyzov/web/static',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, ws: true, changeOrigin: true } },
  },
})
