/* Opens the microphone for the check: at once when the browser already allowed it, else on request. */
import { useCallback, useEffect, useRef, useState } from 'react'
import {
  closeStream,
  type Headset,
  openMicrophone,
  rememberedHeadset,
  rememberHeadset,
} from '../phone/microphone.ts'

export type MicCheck = {
  state: 'idle' | 'asking' | 'quiet' | 'heard' | 'refused' | 'missing'
  stream: MediaStream | null
  label: string
  deviceId: string
  devices: MediaDeviceInfo[]
  headset: Headset
  start: () => void
  choose: (deviceId: string) => void
  hear: () => void
}

async function alreadyAllowed(): Promise<boolean> {
  try {
    const name = 'microphone' as PermissionName
    return (await navigator.permissions.query({ name })).state === 'granted'
  } catch {
    return false
  }
}

export function useMicCheck(): MicCheck {
  const [state, setState] = useState<MicCheck['state']>('idle')
  const [stream, setStream] = useState<MediaStream | null>(null)
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([])
  const [headset] = useState(rememberedHeadset)
  const held = useRef<MediaStream | null>(null)
  const gone = useRef(false)

  const start = useCallback(async () => {
    closeStream(held.current)
    held.current = null
    setStream(null)
    setState('asking')
    try {
      const opened = await openMicrophone()
      if (gone.current) return closeStream(opened)
      held.current = opened
      setStream(opened)
      setState('quiet')
      const all = await navigator.mediaDevices.enumerateDevices()
      setDevices(all.filter((device) => device.kind === 'audioinput' && device.label))
    } catch (error) {
      const missing = error instanceof DOMException && error.name === 'NotFoundError'
      setState(missing || !navigator.mediaDevices ? 'missing' : 'refused')
    }
  }, [])

  useEffect(() => {
    gone.current = false
    void alreadyAllowed().then((allowed) => {
      if (allowed && !gone.current) void start()
    })
    return () => {
      gone.current = true
      closeStream(held.current)
    }
  }, [start])

  const track = stream?.getAudioTracks()[0]
  const deviceId = track?.getSettings().deviceId ?? ''
  return {
    state,
    stream,
    devices,
    headset,
    label: track?.label ?? '',
    deviceId,
    start: () => void start(),
    choose: (chosen) => {
      rememberHeadset({ deviceId: chosen })
      void start()
    },
    hear: () => {
      setState('heard')
      rememberHeadset({ deviceId: deviceId || null })
    },
  }
}
