// The decoder of the (72,64) code of Hsiao (1970): the syndrome is the difference between
// the stored check bits and those of the stored data. A syndrome that is a column
// corrects that bit; any other that is not zero, and not a single bit, is an error that
// cannot be corrected.
module secded_decoder (
    input [63:0] data, input [7:0] check,
    output [63:0] corrected,
    output corrects,           // one bit was wrong
    output uncorrectable);     // more than that: the word is not to be used
  wire [7:0] made, syndrome;
  secded_encoder coder (.data(data), .check(made));
  assign syndrome = made ^ check;
  wire [63:0] hit;
  assign hit[0] = syndrome == 8'h07;
  assign hit[1] = syndrome == 8'h0b;
  assign hit[2] = syndrome == 8'h0d;
  assign hit[3] = syndrome == 8'h0e;
  assign hit[4] = syndrome == 8'h13;
  assign hit[5] = syndrome == 8'h15;
  assign hit[6] = syndrome == 8'h16;
  assign hit[7] = syndrome == 8'h19;
  assign hit[8] = syndrome == 8'h1a;
  assign hit[9] = syndrome == 8'h1c;
  assign hit[10] = syndrome == 8'h23;
  assign hit[11] = syndrome == 8'h25;
  assign hit[12] = syndrome == 8'h26;
  assign hit[13] = syndrome == 8'h29;
  assign hit[14] = syndrome == 8'h2a;
  assign hit[15] = syndrome == 8'h2c;
  assign hit[16] = syndrome == 8'h31;
  assign hit[17] = syndrome == 8'h32;
  assign hit[18] = syndrome == 8'h34;
  assign hit[19] = syndrome == 8'h38;
  assign hit[20] = syndrome == 8'h43;
  assign hit[21] = syndrome == 8'h45;
  assign hit[22] = syndrome == 8'h46;
  assign hit[23] = syndrome == 8'h49;
  assign hit[24] = syndrome == 8'h4a;
  assign hit[25] = syndrome == 8'h4c;
  assign hit[26] = syndrome == 8'h51;
  assign hit[27] = syndrome == 8'h52;
  assign hit[28] = syndrome == 8'h54;
  assign hit[29] = syndrome == 8'h58;
  assign hit[30] = syndrome == 8'h61;
  assign hit[31] = syndrome == 8'h62;
  assign hit[32] = syndrome == 8'h64;
  assign hit[33] = syndrome == 8'h68;
  assign hit[34] = syndrome == 8'h70;
  assign hit[35] = syndrome == 8'h83;
  assign hit[36] = syndrome == 8'h85;
  assign hit[37] = syndrome == 8'h86;
  assign hit[38] = syndrome == 8'h89;
  assign hit[39] = syndrome == 8'h8a;
  assign hit[40] = syndrome == 8'h8c;
  assign hit[41] = syndrome == 8'h91;
  assign hit[42] = syndrome == 8'h92;
  assign hit[43] = syndrome == 8'h94;
  assign hit[44] = syndrome == 8'h98;
  assign hit[45] = syndrome == 8'ha1;
  assign hit[46] = syndrome == 8'ha2;
  assign hit[47] = syndrome == 8'ha4;
  assign hit[48] = syndrome == 8'ha8;
  assign hit[49] = syndrome == 8'hb0;
  assign hit[50] = syndrome == 8'hc1;
  assign hit[51] = syndrome == 8'hc2;
  assign hit[52] = syndrome == 8'hc4;
  assign hit[53] = syndrome == 8'hc8;
  assign hit[54] = syndrome == 8'hd0;
  assign hit[55] = syndrome == 8'he0;
  assign hit[56] = syndrome == 8'h1f;
  assign hit[57] = syndrome == 8'h2f;
  assign hit[58] = syndrome == 8'h37;
  assign hit[59] = syndrome == 8'h3b;
  assign hit[60] = syndrome == 8'h3d;
  assign hit[61] = syndrome == 8'h3e;
  assign hit[62] = syndrome == 8'h4f;
  assign hit[63] = syndrome == 8'h57;
  assign corrected = data ^ hit;
  wire in_check;                // a check bit itself: the data are right
  assign in_check = syndrome != 8'h00 && (syndrome & (syndrome - 8'h01)) == 8'h00;
  assign corrects = |hit | in_check;
  assign uncorrectable = syndrome != 8'h00 && !corrects;
endmodule
