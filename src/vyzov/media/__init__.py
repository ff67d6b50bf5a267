"""Sound: RTP, G.711, digits, tones, prompts, recording, answer classification."""
