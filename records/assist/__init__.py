"""Help by machines in a consultation: drafts by Mistral, transcripts by AssemblyAI; suggestions until a person takes them over (MD-31)."""
