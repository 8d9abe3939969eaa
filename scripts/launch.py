from inr_experiments.cli.launch import main

main()
